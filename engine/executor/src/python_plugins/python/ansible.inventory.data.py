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
        return dict(self.vars, inventory_hostname=self.name, inventory_hostname_short=self.name.split('.')[0],
                    group_names=sorted(group.name for group in self.groups if group.name != 'all'))

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
        self._known = dict(known or {})
        self._known_vars = self._known.pop('_meta', {}).get('hostvars', {})
        self._take_in()

    def _take_in(self):
        """What other sources gave, in the form of `listing`."""
        for name, variables in self._known_vars.items():
            self.hosts[name] = Host(name)
            self.hosts[name].vars.update(variables)
        for name, content in self._known.items():
            self.add_group(name)
            self.groups[name].vars.update(content['vars'])
        for name, content in self._known.items():
            for child in content['children'] + content['hosts']:
                self.add_child(name, child)

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
        """What was not known, in the form in which programs print inventories."""
        groups = {}
        for name, group in self.groups.items():
            known = self._known.get(name, {'hosts': (), 'children': (), 'vars': {}})
            content = {'hosts': added([host.name for host in group.hosts], known['hosts']),
                       'vars': changed(group.vars, known['vars']),
                       'children': added([child.name for child in group.child_groups], known['children'])}
            if any(content.values()) or name not in self._known and name != 'ungrouped':
                groups[name] = content
        hostvars = {name: changed(host.vars, self._known_vars.get(name, {})) for name, host in self.hosts.items()}
        listed = {host for content in groups.values() for host in content['hosts']}
        for name in set(filter(hostvars.get, hostvars)) - listed:
            home = self.hosts[name].groups[0].name if self.hosts[name].groups else 'all'
            groups.setdefault(home, {'hosts': [], 'vars': {}, 'children': []})['hosts'].append(name)
        groups['_meta'] = {'hostvars': hostvars}
        return groups


def added(names, known):
    known = set(known)
    return [name for name in names if name not in known]


def changed(variables, known):
    return {name: value for name, value in variables.items() if name not in known or value is not known[name]}
