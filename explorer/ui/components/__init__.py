"""Components of our own: what Streamlit cannot draw fast enough (matrices) or does not have (a player).

Each is one Python module with its `.css` and `.js` files beside it, mounted without an iframe and without
a build step.
"""
