from ansible.inventory.data import Group
from ansible.plugins.inventory import to_safe_group_name
