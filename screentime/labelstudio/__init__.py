"""All that speaks to Label Studio."""
