"""A task, its play's context and its variables, as plugins see them."""
import copy
import uuid

from kapell_host import ENGINE, LazyMap


class TaskVariables(dict):
    """The task's variables as they were written, fetched when they are looked at; changes stay here."""

    def __init__(self, changes=None, removed=()):
        super().__init__(changes or {})
        self._known, self._removed = {}, set(removed)

    def kapell_changes(self):
        return {name: dict.__getitem__(self, name) for name in dict.keys(self)}

    def _fetch(self, name):
        if name not in self._known:
            self._known[name] = [] if name in self._removed else ENGINE.raw_variable([name])
        return self._known[name]

    def __getitem__(self, name):
        if dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        found = self._fetch(name) if isinstance(name, str) else []
        if not found:
            raise KeyError(name)
        return found[0]

    def __contains__(self, name):
        return dict.__contains__(self, name) or isinstance(name, str) and bool(self._fetch(name))

    def __delitem__(self, name):
        self.pop(name)

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def __bool__(self):
        return True

    def __eq__(self, other):
        return self is other or dict(self) == other

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return TaskVariables({name: copy.deepcopy(value, memo) for name, value in self.kapell_changes().items()},
                             self._removed)

    def get(self, name, default=None):
        return self[name] if name in self else default

    def setdefault(self, name, default=None):
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name, *default):
        if name not in self:
            if default:
                return default[0]
            raise KeyError(name)
        value = self[name]
        dict.pop(self, name, None)
        self._removed.add(name)
        self._known.pop(name, None)
        return value

    def keys(self):
        names = dict.fromkeys(ENGINE.ask('variable_names'))
        names.update(dict.fromkeys(dict.keys(self)))
        return [name for name in names if name not in self._removed or dict.__contains__(self, name)]

    def values(self):
        return [self[name] for name in self.keys() if name in self]

    def items(self):
        return [(name, self[name]) for name in self.keys() if name in self]

    def copy(self):
        return TaskVariables(self.kapell_changes(), self._removed)


class Role:
    def __init__(self, about):
        self._role_name, self._role_path = about['name'], about['path']
        self._role_collection = about.get('collection')

    def get_name(self, include_role_fqcn=True):
        return self._role_name


class Play:
    def __init__(self, about):
        self.name = about.get('name', '')
        self.hosts = about.get('hosts')
        self._action_groups = {}


class Task:
    _squashed = True

    def __init__(self, about):
        self.__dict__.update(about)
        self._uuid = str(uuid.uuid4())
        self._role = Role(about['role']) if about.get('role') else None
        self._parent = self._attributes = None
        self._ds = {}
        self.play = Play(about.get('play') or {})
        self.async_val = about.get('async_val') or 0

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        if name == 'async':
            return self.async_val
        raise AttributeError("'Task' object has no attribute %r" % name)

    def get_name(self, include_role_fqcn=True):
        name = self.name or self.action
        return '%s : %s' % (self._role.get_name(), name) if self._role and name else name

    def get_path(self):
        return self.path

    def get_search_path(self):
        return list(self.search_path)

    def get_vars(self):
        return dict(self.vars)

    def get_play(self):
        return self.play

    def get_dep_chain(self):
        return []

    def copy(self, exclude_parent=False, exclude_tasks=False):
        twin = copy.copy(self)
        twin.args = copy.deepcopy(self.args)
        twin.vars = dict(self.vars)
        return twin

    def __repr__(self):
        return 'TASK: %s' % self.get_name()


class PlayContext:
    def __init__(self, about):
        self.__dict__.update(about)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return None

    def copy(self, *_args, **_kwargs):
        return copy.copy(self)
