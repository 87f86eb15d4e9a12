"""`AnsibleModule`: the way a module written in Python gets its arguments and gives its result."""
import atexit
import grp
import hashlib
import json
import os
import pwd
import re
import select
import shlex
import shutil
import stat
import subprocess
import sys
import syslog
import tempfile
import time
import traceback
from collections.abc import Mapping, MutableMapping, MutableSequence, MutableSet, Sequence, Set  # noqa: F401

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible.module_utils.common.file import (  # noqa: F401
    DEFAULT_PERM, FILE_ATTRIBUTES, PERM_BITS, format_attributes, get_flags_from_attributes, is_executable,
)
from ansible.module_utils.common.locale import get_best_parsable_locale  # noqa: F401
from ansible.module_utils.common.parameters import (  # noqa: F401
    PASS_BOOLS, PASS_VARS, env_fallback, remove_values, sanitize_keys, supported_text,
)
from ansible.module_utils.common.process import get_bin_path
from ansible.module_utils.common.sys_info import (  # noqa: F401
    get_distribution, get_distribution_version, get_platform_subclass,
)
from ansible.module_utils.common.text.converters import (  # noqa: F401
    container_to_bytes as json_dict_unicode_to_bytes, container_to_text as json_dict_bytes_to_unicode, jsonify,
    to_bytes, to_native, to_text,
)
from ansible.module_utils.common.text.formatters import bytes_to_human, human_to_bytes  # noqa: F401
from ansible.module_utils.common.validation import (  # noqa: F401
    check_missing_parameters, check_type_bool, check_type_dict, check_type_int, check_type_list, check_type_path,
    check_type_str, safe_eval,
)
from ansible.module_utils.common.warnings import deprecate, get_deprecation_messages, get_warning_messages, warn
from ansible.module_utils.errors import (  # noqa: F401
    AnsibleFallbackNotFound, AnsibleValidationErrorMultiple, UnsupportedError,
)
from ansible.module_utils.parsing.convert_bool import (  # noqa: F401
    BOOLEANS, BOOLEANS_FALSE, BOOLEANS_TRUE, boolean,
)
from ansible.module_utils.six import (  # noqa: F401
    PY2, PY3, binary_type, integer_types, iteritems, string_types, text_type,
)

# The launcher puts the arguments here.
_ANSIBLE_ARGS = None
_ANSIBLE_PROFILE = None
SEQUENCETYPE = (list, tuple)
FILE_COMMON_ARGUMENTS = dict(
    mode=dict(type='raw'),
    owner=dict(type='str'),
    group=dict(type='str'),
    seuser=dict(type='str'),
    serole=dict(type='str'),
    selevel=dict(type='str'),
    setype=dict(type='str'),
    attributes=dict(type='str', aliases=['attr']),
    unsafe_writes=dict(type='bool', default=False, fallback=(env_fallback, ['ANSIBLE_UNSAFE_WRITES'])),
)
PASSWD_ARG_RE = re.compile(r'^[-]{0,2}pass[-]?(word|wd)?')
_PASSWORD_NAME = re.compile(r'(pass(?!ive)|secret|token|cryptkey)', re.I)
_URL_PASSWORD = re.compile(r'(?<=://)([^\s/@:]*):([^\s/@]+)@')
_OPTION_PASSWORD = re.compile(r'(\b(?:-?-?)(?:pass[-]?(?:word|wd)?|token)[= ])(\S+)', re.I)


def heuristic_log_sanitize(data, no_log_values=None):
    """Passwords in URLs, and known secrets, are masked."""
    data = _URL_PASSWORD.sub(r'\1:********@', to_native(data))
    return remove_values(data, no_log_values) if no_log_values else data


def missing_required_lib(library, reason=None, url=None):
    msg = "Failed to import the required Python library (%s) on %s's Python %s." \
        % (library, os.uname().nodename, sys.executable)
    if reason:
        msg += " This is required %s." % reason
    if url:
        msg += " See %s for more info." % url
    return msg + (" Please read the module documentation and install it in the appropriate location."
                  " If the required library is installed, but Ansible is using the wrong Python interpreter,"
                  " please consult the documentation on ansible_python_interpreter")


def load_platform_subclass(cls, *args, **kwargs):
    chosen = get_platform_subclass(cls)
    return super(cls, chosen).__new__(chosen)


def get_all_subclasses(cls):
    found = set(cls.__subclasses__())
    for direct in list(found):
        found |= get_all_subclasses(direct)
    return found


def get_module_path():
    return os.path.dirname(os.path.realpath(__file__))


def get_platform():
    import platform
    return platform.system()


def _load_params():
    """The arguments: from the launcher, or from a file or standard input when a module is run by hand."""
    if _ANSIBLE_ARGS is not None:
        data = _ANSIBLE_ARGS
    elif len(sys.argv) > 1 and os.path.isfile(sys.argv[1]):
        with open(sys.argv[1], 'rb') as file:
            data = file.read()
    elif len(sys.argv) > 1:
        data = sys.argv[1].encode('utf-8', 'surrogateescape')
    else:
        data = sys.stdin.buffer.read()
    try:
        return json.loads(data)['ANSIBLE_MODULE_ARGS']
    except (ValueError, KeyError, TypeError):
        print('\n{"msg": "Error: Module unable to decode valid JSON on stdin.  Unable to figure out what parameters '
              'were passed", "failed": true}')
        sys.exit(1)


class AnsibleModule:
    def __init__(self, argument_spec, bypass_checks=False, no_log=False, mutually_exclusive=None,
                 required_together=None, required_one_of=None, add_file_common_args=False,
                 supports_check_mode=False, required_if=None, required_by=None):
        self._name = os.path.basename(sys.argv[0] if sys.argv else 'module')
        self.argument_spec = dict(argument_spec)
        self.supports_check_mode = supports_check_mode
        self.bypass_checks = bypass_checks
        self.required_by = required_by
        self.no_log = no_log
        self.mutually_exclusive = mutually_exclusive
        self.required_together = required_together
        self.required_one_of = required_one_of
        self.required_if = required_if
        self.cleanup_files = []
        self.aliases = {}
        self._legal_inputs = []
        self._clean = {}
        self._options_context = []
        self.run_command_environ_update = {}
        self._set_cwd()
        if add_file_common_args:
            for name, spec in FILE_COMMON_ARGUMENTS.items():
                self.argument_spec.setdefault(name, spec)
        self.params = _load_params()
        self._take_internal()
        self.no_log_values = set()
        if self.check_mode and not self.supports_check_mode:
            self.exit_json(skipped=True, msg="remote module (%s) does not support check mode" % self._name)
        self._validate()
        self._created_tmpdir = None
        for key in ('LANG', 'LC_ALL', 'LC_MESSAGES'):
            if os.environ.get(key) not in (None, '', 'C', 'C.UTF-8'):
                self._check_locale()
                break
        if not self.no_log:
            self._log_invocation()

    def _validate(self):
        validator = ModuleArgumentSpecValidator(
            self.argument_spec, self.mutually_exclusive, self.required_together, self.required_one_of,
            self.required_if, self.required_by)
        result = validator.validate(self.params)
        self.params.update(result.validated_parameters)
        self.no_log_values.update(result._no_log_values)
        errors = list(result.errors.errors)
        if self._ignore_unknown_opts:
            errors = [error for error in errors if not isinstance(error, UnsupportedError)]
        if errors and not self.bypass_checks:
            # A name that is not known is the likely cause of what else is missing.
            error = next((error for error in errors if isinstance(error, UnsupportedError)), errors[0])
            message = error.msg
            if isinstance(error, UnsupportedError):
                message = "Unsupported parameters for (%s) module: %s" % (self._name, message)
            self.fail_json(msg=message)

    def _take_internal(self):
        for name, (attribute, default) in PASS_VARS.items():
            value = self.params.pop('_ansible_' + name, None)
            value = default if value is None else value
            if name in PASS_BOOLS:
                value = boolean(value, strict=False)
            if name == 'no_log':
                value = value or self.no_log
            setattr(self, attribute, value)
        for key in [key for key in self.params if key.startswith('_ansible_')]:
            del self.params[key]

    def _set_cwd(self):
        """A working directory that exists and may be entered."""
        try:
            cwd = os.getcwd()
            if os.access(cwd, os.F_OK | os.R_OK):
                return cwd
        except OSError:
            pass
        for path in (getattr(self, '_tmpdir', None), os.path.expandvars('$HOME'), tempfile.gettempdir()):
            try:
                if path and os.access(path, os.F_OK | os.R_OK):
                    os.chdir(path)
                    return path
            except OSError:
                continue
        return None

    def _check_locale(self):
        import locale
        try:
            locale.setlocale(locale.LC_ALL, '')
        except locale.Error:
            best = get_best_parsable_locale(self)
            locale.setlocale(locale.LC_ALL, best)
            os.environ.update(LANG=best, LC_ALL=best, LC_MESSAGES=best)

    @property
    def tmpdir(self):
        if self._tmpdir and os.path.isdir(self._tmpdir):
            return self._tmpdir
        if self._created_tmpdir is None:
            self._created_tmpdir = tempfile.mkdtemp(prefix='ansible-moduletmp-')
            if not self._keep_remote_files:
                atexit.register(shutil.rmtree, self._created_tmpdir, ignore_errors=True)
        self._tmpdir = self._created_tmpdir
        return self._tmpdir

    # Results.

    def exit_json(self, **kwargs):
        self.do_cleanup_files()
        self._return_formatted(kwargs)
        sys.exit(0)

    def fail_json(self, msg, **kwargs):
        kwargs['failed'] = True
        kwargs['msg'] = msg
        exception = kwargs.get('exception')
        if isinstance(exception, BaseException):
            kwargs['exception'] = ''.join(traceback.format_exception(None, exception, exception.__traceback__))
        elif exception is None and sys.exc_info()[0] is not None and self._verbosity >= 3:
            kwargs['exception'] = traceback.format_exc()
        self.do_cleanup_files()
        self._return_formatted(kwargs)
        sys.exit(1)

    def _return_formatted(self, kwargs):
        self.add_path_info(kwargs)
        kwargs.setdefault('invocation', {'module_args': self.params})
        if kwargs.get('warnings'):
            _deprecate_passing('warnings', 'warn')
        for warning in _as_list(kwargs.pop('warnings', None)):
            self.warn(warning)
        if kwargs.get('deprecations'):
            _deprecate_passing('deprecations', 'deprecate')
        for entry in _as_list(kwargs.pop('deprecations', None)):
            if isinstance(entry, Mapping):
                deprecate(entry['msg'], version=entry.get('version'), date=entry.get('date'),
                          collection_name=entry.get('collection_name'))
            elif isinstance(entry, SEQUENCETYPE):
                deprecate(entry[0], version=entry[1])
            else:
                deprecate(entry)
        if get_warning_messages():
            kwargs['warnings'] = list(get_warning_messages())
        if get_deprecation_messages():
            kwargs['deprecations'] = list(get_deprecation_messages())
        print('\n%s' % self.jsonify(remove_values(kwargs, self.no_log_values)))
        sys.stdout.flush()

    def jsonify(self, data):
        try:
            return jsonify(data)
        except (TypeError, UnicodeError) as error:
            self.fail_json(msg=to_text(error))

    def from_json(self, data):
        return json.loads(data)

    def warn(self, warning, **kwargs):
        warn(warning)
        self.log('[WARNING] %s' % warning)

    def error_as_warning(self, msg, exception, **kwargs):
        self.warn('%s: %s' % (msg, exception) if msg else str(exception))

    def deprecate(self, msg, version=None, date=None, collection_name=None, deprecator=None, help_text=None):
        if not collection_name and not deprecator and sys._getframe(1).f_globals.get('__name__') != '__main__':
            # Somebody's who is not the module, and whose releases are not known.
            deprecator = {'resolved_name': None, 'type': None}
        deprecate(msg, version=version, date=date, collection_name=collection_name, deprecator=deprecator,
                  help_text=help_text)
        self.log('[DEPRECATION WARNING] %s %s' % (msg, date or version))

    def fail_on_missing_params(self, required_params=None):
        try:
            check_missing_parameters(self.params, required_params)
        except TypeError as error:
            self.fail_json(msg=to_native(error))

    def boolean(self, arg):
        if arg is None:
            return arg
        try:
            return boolean(arg)
        except TypeError as error:
            self.fail_json(msg=to_native(error))

    def safe_eval(self, value, locals=None, include_exceptions=False):
        return safe_eval(value, locals, include_exceptions)

    def human_to_bytes(self, number, isbits=False):
        return human_to_bytes(number, isbits=isbits)

    def bytes_to_human(self, size, isbits=False, unit=None):
        return bytes_to_human(size, isbits=isbits, unit=unit)

    # Logs.

    def log(self, msg, log_args=None):
        if self.no_log:
            return
        text = remove_values(to_native(msg, errors='surrogate_or_replace'), self.no_log_values)
        try:
            facility = getattr(syslog, self._syslog_facility, syslog.LOG_USER)
            syslog.openlog('ansible-%s' % self._name, 0, facility)
            syslog.syslog(syslog.LOG_INFO, text.replace('\0', ''))
        except (TypeError, ValueError, UnicodeError) as error:
            self.fail_json(msg='Failed to log to syslog (%s). To proceed anyway, disable syslog logging by setting '
                               'no_target_syslog to True in your Ansible config.' % to_native(error), msg_to_log=text)

    def debug(self, msg):
        if self._debug:
            self.log('[debug] %s' % msg)

    def _log_invocation(self):
        shown = {}
        for name, value in self.params.items():
            spec = self.argument_spec.get(name, {})
            if spec.get('no_log') or (spec.get('no_log') is None and _PASSWORD_NAME.search(name)
                                      and spec.get('type') not in ('bool',)):
                shown[name] = 'NOT_LOGGING_PARAMETER' if spec.get('no_log') else 'NOT_LOGGING_PASSWORD'
            else:
                shown[name] = heuristic_log_sanitize(str(value), self.no_log_values)
        self.log('Invoked with %s' % ' '.join('%s=%s' % item for item in shown.items()), log_args=shown)

    # Files.

    def add_cleanup_file(self, path):
        if path not in self.cleanup_files:
            self.cleanup_files.append(path)

    def do_cleanup_files(self):
        for path in self.cleanup_files:
            self.cleanup(path)

    def cleanup(self, tmpfile):
        if os.path.exists(tmpfile):
            try:
                os.unlink(tmpfile)
            except OSError as error:
                sys.stderr.write("could not cleanup %s: %s" % (tmpfile, to_native(error)))

    def get_bin_path(self, arg, required=False, opt_dirs=None):
        try:
            return get_bin_path(arg, opt_dirs=opt_dirs)
        except ValueError as error:
            if required:
                self.fail_json(msg=to_text(error))
            return None

    def is_executable(self, path):
        return is_executable(path)

    def digest_from_file(self, filename, algorithm):
        if not os.path.exists(filename):
            return None
        if os.path.isdir(filename):
            self.fail_json(msg="attempted to take checksum of directory: %s" % filename)
        digest = hashlib.new(algorithm) if isinstance(algorithm, str) else algorithm
        with open(os.path.realpath(filename), 'rb') as file:
            for block in iter(lambda: file.read(64 * 1024), b''):
                digest.update(block)
        return digest.hexdigest()

    def md5(self, filename):
        return self.digest_from_file(filename, 'md5')

    def sha1(self, filename):
        return self.digest_from_file(filename, 'sha1')

    def sha256(self, filename):
        return self.digest_from_file(filename, 'sha256')

    def backup_local(self, fn):
        """The path of a copy beside the file; empty when there was none."""
        if not os.path.exists(fn):
            return ''
        copy = '%s.%s.%s' % (fn, os.getpid(), time.strftime("%Y-%m-%d@%H:%M:%S~", time.localtime()))
        try:
            self.preserved_copy(fn, copy)
        except (shutil.Error, OSError) as error:
            self.fail_json(msg='Could not make backup of %s to %s: %s' % (fn, copy, to_native(error)))
        return copy

    def preserved_copy(self, src, dest):
        shutil.copy2(src, dest)
        data = os.stat(src)
        try:
            os.chown(dest, data.st_uid, data.st_gid)
        except PermissionError:
            pass

    def user_and_group(self, path, expand=True):
        data = os.lstat(os.path.expanduser(os.path.expandvars(path)) if expand else path)
        return data.st_uid, data.st_gid

    def find_mount_point(self, path):
        path = os.path.realpath(os.path.expanduser(os.path.expandvars(path)))
        while not os.path.ismount(path):
            path = os.path.dirname(path)
        return path

    def selinux_mls_enabled(self):
        return False

    def selinux_enabled(self):
        return os.path.exists('/sys/fs/selinux/enforce')

    def selinux_initial_context(self):
        return [None, None, None]

    def selinux_default_context(self, path, mode=0):
        return [None, None, None]

    def selinux_context(self, path):
        return [None, None, None]

    def set_default_selinux_context(self, path, changed):
        return changed

    def set_context_if_different(self, path, context, changed, diff=None):
        return changed

    def set_attributes_if_different(self, path, attributes, changed, diff=None, expand=True):
        if attributes is None:
            return changed
        program = self.get_bin_path('chattr', True)
        if self.check_mode:
            return True
        sign = '' if attributes.startswith(('+', '-', '=')) else '='
        rc, _, err = self.run_command([program, sign + attributes, path])
        if rc != 0:
            self.fail_json(path=path, msg='chattr failed', details=err)
        return True

    def load_file_common_arguments(self, params, path=None):
        path = path or params.get('path') or params.get('dest')
        if path is None:
            return {}
        path = os.path.expanduser(os.path.expandvars(path))
        if params.get('follow', False) and os.path.islink(path):
            path = os.path.realpath(path)
        return dict(path=path, mode=params.get('mode'), owner=params.get('owner'), group=params.get('group'),
                    secontext=[params.get(name) for name in ('seuser', 'serole', 'setype')],
                    attributes=params.get('attributes'))

    def set_owner_if_different(self, path, owner, changed, diff=None, expand=True):
        if owner is None:
            return changed
        try:
            uid = int(owner)
        except ValueError:
            try:
                uid = pwd.getpwnam(owner).pw_uid
            except KeyError:
                self.fail_json(path=path, msg='chown failed: failed to look up user %s' % owner)
        return self._chown(path, 'owner', uid, changed, diff, expand)

    def set_group_if_different(self, path, group, changed, diff=None, expand=True):
        if group is None:
            return changed
        try:
            gid = int(group)
        except ValueError:
            try:
                gid = grp.getgrnam(group).gr_gid
            except KeyError:
                self.fail_json(path=path, msg='chgrp failed: failed to look up group %s' % group)
        return self._chown(path, 'group', gid, changed, diff, expand)

    def _chown(self, path, what, number, changed, diff, expand):
        path = os.path.expanduser(os.path.expandvars(path)) if expand else path
        if self.check_mode and not os.path.lexists(path):
            return True
        before = self.user_and_group(path, False)[what == 'group']
        if before == number:
            return changed
        _note(diff, what, before, number)
        if self.check_mode:
            return True
        try:
            os.lchown(path, *((number, -1) if what == 'owner' else (-1, number)))
        except OSError as error:
            self.fail_json(path=path, msg='%s failed: %s' % ('chown' if what == 'owner' else 'chgrp',
                                                             to_text(error)))
        return True

    def set_mode_if_different(self, path, mode, changed, diff=None, expand=True):
        if mode is None:
            return changed
        path = os.path.expanduser(os.path.expandvars(path)) if expand else path
        if self.check_mode and not os.path.lexists(path):
            return True
        data = os.lstat(path)
        if not isinstance(mode, int):
            try:
                mode = int(mode, 8)
            except (TypeError, ValueError):
                try:
                    mode = self._symbolic_mode_to_octal(data, mode)
                except ValueError as error:
                    self.fail_json(path=path, msg="mode must be in octal or symbolic form", details=to_native(error))
        if mode != stat.S_IMODE(mode):
            self.fail_json(path=path, msg="Invalid mode supplied, only permission info is allowed", details=mode)
        before = stat.S_IMODE(data.st_mode)
        if before == mode or stat.S_ISLNK(data.st_mode):
            return changed
        _note(diff, 'mode', '0%03o' % before, '0%03o' % mode)
        if self.check_mode:
            return True
        try:
            os.chmod(path, mode)
        except OSError as error:
            self.fail_json(path=path, msg='chmod failed', details=to_native(error))
        return stat.S_IMODE(os.lstat(path).st_mode) != before or changed

    def _symbolic_mode_to_octal(self, path_stat, symbolic_mode):
        mode = stat.S_IMODE(path_stat.st_mode)
        umask = os.umask(0)
        os.umask(umask)
        is_dir = stat.S_ISDIR(path_stat.st_mode)
        for clause in symbolic_mode.split(','):
            match = re.match(r'^([ugoa]*)((?:[-+=][rwxXst]*|[-+=][ugo])+)$', clause.strip())
            if not match:
                raise ValueError("bad symbolic permission for mode: %s" % clause)
            users, everybody = match.group(1).replace('a', 'ugo') or 'ugo', not match.group(1)
            for operator, perms in re.findall(r'([-+=])([^-+=]*)', match.group(2)):
                for user in dict.fromkeys(users):
                    mode = _apply(mode, user, operator, perms, is_dir, umask if everybody else 0)
        return mode

    def set_fs_attributes_if_different(self, file_args, changed, diff=None, expand=True):
        path = file_args['path']
        changed = self.set_owner_if_different(path, file_args['owner'], changed, diff, expand)
        changed = self.set_group_if_different(path, file_args['group'], changed, diff, expand)
        changed = self.set_mode_if_different(path, file_args['mode'], changed, diff, expand)
        return self.set_attributes_if_different(path, file_args['attributes'], changed, diff, expand)

    set_file_attributes_if_different = set_fs_attributes_if_different
    set_directory_attributes_if_different = set_fs_attributes_if_different

    def add_path_info(self, kwargs):
        path = kwargs.get('path', kwargs.get('dest'))
        if path is None or not os.path.lexists(path):
            return kwargs
        data = os.lstat(path)
        kwargs.update(uid=data.st_uid, gid=data.st_gid, mode='0%03o' % stat.S_IMODE(data.st_mode), size=data.st_size)
        try:
            kwargs['owner'] = pwd.getpwuid(data.st_uid).pw_name
        except KeyError:
            kwargs['owner'] = str(data.st_uid)
        try:
            kwargs['group'] = grp.getgrgid(data.st_gid).gr_name
        except KeyError:
            kwargs['group'] = str(data.st_gid)
        kinds = ((stat.S_ISLNK, 'link'), (stat.S_ISDIR, 'directory'))
        kwargs['state'] = next((name for test, name in kinds if test(data.st_mode)),
                               'hard' if data.st_nlink > 1 else 'file')
        return kwargs

    def atomic_move(self, src, dest, unsafe_writes=False, keep_dest_attrs=True):
        """Puts `src` in the place of `dest` in one step, with the attributes `dest` had."""
        src, dest = to_native(src), to_native(dest)
        before = os.stat(dest) if os.path.exists(dest) else None
        try:
            if before is not None and keep_dest_attrs:
                os.chmod(src, before.st_mode & PERM_BITS)
                try:
                    os.chown(src, before.st_uid, before.st_gid)
                except PermissionError:
                    pass
            elif before is None:
                umask = os.umask(0)
                os.umask(umask)
                os.chmod(src, DEFAULT_PERM & ~umask)
            try:
                os.rename(src, dest)
                return
            except OSError:
                pass
            handle, beside = tempfile.mkstemp(prefix='.ansible_tmp', suffix=os.path.basename(dest),
                                              dir=os.path.dirname(dest) or '.')
            os.close(handle)
            try:
                shutil.copy2(src, beside)
                data = os.stat(src)
                try:
                    os.chown(beside, data.st_uid, data.st_gid)
                except PermissionError:
                    pass
                os.rename(beside, dest)
                os.unlink(src)
            finally:
                self.cleanup(beside)
        except OSError as error:
            if unsafe_writes:
                with open(dest, 'wb') as out, open(src, 'rb') as file:
                    shutil.copyfileobj(file, out)
                return
            self.fail_json(msg='Could not replace file: %s to %s: %s' % (src, dest, to_native(error)))

    def append_to_file(self, filename, str):
        with open(os.path.expanduser(os.path.expandvars(filename)), 'a') as file:
            file.write(str)

    # Commands.

    def get_buffer_size(self, fd):
        return 64 * 1024

    def run_command(self, args, check_rc=False, close_fds=True, executable=None, data=None, binary_data=False,
                    path_prefix=None, cwd=None, use_unsafe_shell=False, prompt_regex=None, environ_update=None,
                    umask=None, encoding='utf-8', errors='surrogate_or_strict', expand_user_and_vars=True,
                    pass_fds=None, before_communicate_callback=None, ignore_invalid_cwd=True, handle_exceptions=True):
        """Runs a command and returns its exit code, output and errors."""
        if not isinstance(args, (list, str, bytes)):
            self.fail_json(rc=257, cmd=args, msg="Argument 'args' to run_command must be list or string")
        shell = False
        if use_unsafe_shell:
            if isinstance(args, list):
                args = ' '.join(shlex.quote(to_native(word)) for word in args)
            if executable:
                args = [executable, '-c', args]
            elif self._shell not in (None, '/bin/sh'):
                args = [self._shell, '-c', args]
            else:
                shell = True
        else:
            if isinstance(args, (str, bytes)):
                args = shlex.split(to_native(args))
            if expand_user_and_vars:
                args = [os.path.expanduser(os.path.expandvars(to_native(word))) for word in args if word is not None]
            else:
                args = [to_native(word) for word in args if word is not None]
        environment = os.environ.copy()
        environment.update({key: to_native(value) for key, value in self.run_command_environ_update.items()})
        environment.update({key: to_native(value) for key, value in (environ_update or {}).items()})
        if path_prefix:
            environment['PATH'] = '%s:%s' % (path_prefix, environment.get('PATH', ''))
        if cwd is not None:
            cwd = os.path.abspath(os.path.expanduser(to_native(cwd)))
            if not os.path.isdir(cwd):
                if not ignore_invalid_cwd:
                    self.fail_json(msg="Provided cwd is not a valid directory: %s" % cwd)
                cwd = None
        shown = args if isinstance(args, str) else ' '.join(shlex.quote(word) for word in args)
        shown = heuristic_log_sanitize(_OPTION_PASSWORD.sub(r'\1********', shown), self.no_log_values)
        self.log('Executing: %s' % shown)
        options = dict(shell=shell, close_fds=close_fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL, env=environment, cwd=cwd)
        if pass_fds:
            options['pass_fds'] = pass_fds
        if umask is not None:
            options['preexec_fn'] = lambda: os.umask(umask)
        try:
            process = subprocess.Popen(args, **options)
            if before_communicate_callback:
                before_communicate_callback(process)
            if data is not None and not binary_data:
                data = to_bytes(data) + b'\n'
            if prompt_regex:
                out, err, prompted = self._watch(process, data, prompt_regex)
                if prompted:
                    return 257, out, "A prompt was encountered while running a command, but no input data was specified"
            else:
                out, err = process.communicate(to_bytes(data) if data is not None else None)
        except OSError as error:
            if not handle_exceptions:
                raise
            self.fail_json(rc=error.errno, stdout='', stderr='', msg='Error executing command.', cmd=shown,
                           exception=error)
        if encoding is not None:
            out, err = to_native(out, encoding, errors), to_native(err, encoding, errors)
        if check_rc and process.returncode != 0:
            msg = heuristic_log_sanitize(to_native(err).rstrip(), self.no_log_values)
            self.fail_json(cmd=shown, rc=process.returncode, stdout=to_native(out), stderr=to_native(err), msg=msg)
        return process.returncode, out, err

    def _watch(self, process, data, prompt_regex):
        """Output as it comes, until the command ends or asks for something."""
        prompt = re.compile(to_bytes(prompt_regex), re.M)
        if data:
            process.stdin.write(to_bytes(data))
            process.stdin.close()
        out = {process.stdout.fileno(): b'', process.stderr.fileno(): b''}
        first, second = list(out)
        waiting = [first, second]
        while waiting:
            ready, _, _ = select.select(waiting, [], [], 1)
            for stream in ready:
                chunk = os.read(stream, 64 * 1024)
                out[stream] += chunk
                if not chunk:
                    waiting.remove(stream)
            if prompt.search(out[first]) and not data:
                process.kill()
                process.wait()
                return to_native(out[first]), to_native(out[second]), True
        process.wait()
        return out[first], out[second], False


def _deprecate_passing(argument, method):
    deprecate('Passing `%s` to `exit_json` or `fail_json` is deprecated.' % argument, version='2.23',
              collection_name='ansible.builtin', help_text='Use `AnsibleModule.%s` instead.' % method)


def _as_list(value):
    if value is None:
        return []
    return list(value) if isinstance(value, SEQUENCETYPE) else [value]


def _note(diff, what, before, after):
    if diff is not None:
        diff.setdefault('before', {})[what] = before
        diff.setdefault('after', {})[what] = after


_SHIFT = {'u': 6, 'g': 3, 'o': 0}


def _apply(mode, user, operator, perms, is_dir, umask):
    """One clause of a symbolic mode for one class of users."""
    shift, bits, special = _SHIFT[user], 0, 0
    if perms and perms in 'ugo':
        bits = (mode >> _SHIFT[perms]) & 7
    for letter in perms if not (perms and perms in 'ugo') else '':
        if letter == 'X':
            bits |= 1 if is_dir or mode & 0o111 else 0
        elif letter == 's':
            special |= {'u': stat.S_ISUID, 'g': stat.S_ISGID, 'o': 0}[user]
        elif letter == 't':
            special |= stat.S_ISVTX if user == 'o' else 0
        else:
            bits |= {'r': 4, 'w': 2, 'x': 1}[letter]
    bits = (bits << shift) & ~umask | special
    if operator == '+':
        return mode | bits
    if operator == '-':
        return mode & ~bits
    own = {'u': stat.S_ISUID, 'g': stat.S_ISGID, 'o': stat.S_ISVTX}[user]
    return mode & ~((7 << shift) | own) | bits
