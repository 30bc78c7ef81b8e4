"""What is true of each job, from its acceptance to the end of its record's retention."""
