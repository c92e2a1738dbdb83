"""What the trigger costs, beside the bare parts in the same run."""
