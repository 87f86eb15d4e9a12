"""Contents of files, and sizes of file systems."""
import os


def get_file_content(path, default=None, strip=True):
    """The text of a file that can be read and is not empty, else `default`."""
    if not (os.path.exists(path) and os.access(path, os.R_OK)):
        return default
    try:
        with open(path, encoding='utf-8', errors='surrogateescape') as file:
            data = file.read()
    except OSError:
        return default
    if strip:
        data = data.strip()
    return data if data else default


def get_file_lines(path, strip=True, line_sep=None):
    data = get_file_content(path, strip=strip)
    if not data:
        return []
    if line_sep is None:
        return data.splitlines()
    return data.rstrip(line_sep).split(line_sep) if len(line_sep) == 1 else data.split(line_sep)


def get_mount_size(mountpoint):
    """Sizes in bytes, blocks and inodes; nothing when it cannot be asked."""
    try:
        data = os.statvfs(mountpoint)
    except OSError:
        return {}
    return {
        'size_total': data.f_frsize * data.f_blocks, 'size_available': data.f_frsize * data.f_bavail,
        'block_size': data.f_bsize, 'block_total': data.f_blocks, 'block_available': data.f_bavail,
        'block_used': data.f_blocks - data.f_bavail, 'inode_total': data.f_files, 'inode_available': data.f_favail,
        'inode_used': data.f_files - data.f_favail,
    }
