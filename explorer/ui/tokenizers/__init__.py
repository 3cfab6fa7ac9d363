"""The sections of the tokenizers page: how text becomes numbers, and what each way costs."""
