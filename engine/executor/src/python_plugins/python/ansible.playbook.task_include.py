"""Tasks that bring others."""
from ansible.kapell_task import Task


class TaskInclude(Task):
    pass
