"""What carries out playbooks."""
