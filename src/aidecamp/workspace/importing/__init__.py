"""Files into the workspace: read, understood column by column, checked row by row, merged in the database."""
