"""Reading other people's files: formats, columns and rows, without storing anything.

Parsers turn a binary stream into rows, mappings say which column is which field, and
normalisation turns a row into a ticket or into an error with its reason. Nothing here
knows a database, a key or the sanitizer: what comes out is still raw text.
"""
