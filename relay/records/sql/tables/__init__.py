"""The tables of the records, a file for each aggregate. ``relay.records.sql.schema`` gathers them."""
