"""Hosts and groups a plugin adds."""
from ansible.errors import AnsibleError


class Host:
    def __init__(self, name, port=None):
        self.name = self.address = name
        self.vars = {}
        self.groups = []
        if port is not None:
            self.vars['ansible_port'] = port

    def get_name(self):
        return self.name

    def get_vars(self):
        return dict(self.vars, inventory_hostname=self.name)

    def get_groups(self):
        return self.groups

    def set_variable(self, key, value):
        self.vars[key] = value

    def __str__(self):
        return self.name


class Group:
    def __init__(self, name):
        self.name = name
        self.vars, self.hosts, self.child_groups = {}, [], []

    def get_name(self):
        return self.name

    def get_hosts(self):
        return self.hosts

    def set_variable(self, key, value):
        self.vars[key] = value

    def __str__(self):
        return self.name


class InventoryData:
    def __init__(self, known=None):
        self.hosts, self.groups = {}, {}
        self.localhost = None
        self.current_source = None
        self.add_group('all')
        self.add_group('ungrouped')
        for group, hosts in (known or {}).items():
            self.add_group(group)
            for host in hosts:
                self.add_host(host, group)

    def add_group(self, group):
        if not isinstance(group, str) or not group:
            raise AnsibleError('Invalid group name supplied, expected a string but got %s for %s' % (type(group), group))
        if group not in self.groups:
            self.groups[group] = Group(group)
        return group

    def remove_group(self, group):
        self.groups.pop(str(group), None)

    def add_host(self, host, group=None, port=None):
        if not isinstance(host, str) or not host:
            raise AnsibleError('Invalid host name supplied, expected a string but got %s for %s' % (type(host), host))
        if host not in self.hosts:
            self.hosts[host] = Host(host, port)
        if group is not None and str(group) not in self.groups:
            raise AnsibleError('Could not find group %s in inventory' % group)
        self.add_child(str(group or 'all'), host)
        return host

    def remove_host(self, host):
        self.hosts.pop(str(host), None)
        for group in self.groups.values():
            group.hosts = [known for known in group.hosts if known.name != str(host)]

    def set_variable(self, entity, varname, value):
        found = self.groups.get(str(entity)) or self.hosts.get(str(entity))
        if found is None:
            raise AnsibleError('Could not identify group or host named %s' % entity)
        found.set_variable(varname, value)

    def add_child(self, group, child):
        group, child = str(group), str(child)
        if group not in self.groups:
            raise AnsibleError('%s is not a known group' % group)
        parent = self.groups[group]
        if child in self.groups:
            if self.groups[child] not in parent.child_groups:
                parent.child_groups.append(self.groups[child])
        elif child in self.hosts:
            if self.hosts[child] not in parent.hosts:
                parent.hosts.append(self.hosts[child])
                self.hosts[child].groups.append(parent)
        else:
            raise AnsibleError('%s is not a known host nor group' % child)
        return True

    def get_host(self, hostname):
        return self.hosts.get(str(hostname))

    def get_groups_dict(self):
        return {name: [host.name for host in group.hosts] for name, group in self.groups.items()}

    def reconcile_inventory(self):
        pass

    def listing(self):
        """The form in which programs print inventories."""
        groups = {}
        for name, group in self.groups.items():
            if name == 'ungrouped' and not group.hosts and not group.vars:
                continue
            groups[name] = {'hosts': [host.name for host in group.hosts], 'vars': group.vars,
                            'children': [child.name for child in group.child_groups]}
        groups['_meta'] = {'hostvars': {name: host.vars for name, host in self.hosts.items()}}
        return groups
