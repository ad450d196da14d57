"""The tables of the records, a file for each subject. ``relay.records.sql.schema`` gathers them."""
