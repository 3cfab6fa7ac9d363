"""A package, so that what its tests share, such as the browser, ends with them."""
