from ansible.inventory.data import Host
