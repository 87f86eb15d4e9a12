m=$1; force=$2; from=$3; tmp=$4; shift 4;
{ read -r arch < /proc/sys/kernel/arch; } 2> /dev/null || arch=$(uname -m) || arch=unknown;
case $arch in amd64) arch=x86_64;; arm64) arch=aarch64;; esac;
hash=;
for w; do case $w in "$arch":*) w=${w#*:}; hash=${w%:*}; size=${w#*:};; esac; done;
if [ -z "$hash" ]; then echo "$m arch $arch"; exit 0; fi;
case $tmp in "~") tmp=$HOME;; "~/"*) tmp=$HOME/${tmp#??};; esac;
name=kapell-worker-$arch-$hash;
uid=;
each() {
n=0;
for d in "$tmp/kapell" "${HOME:-}/.cache/kapell" /var/tmp /tmp /dev/shm; do
n=$((n + 1));
if [ $n -gt 2 ]; then uid=${uid:-$(id -u)}; d=$d/kapell-$uid; fi;
if [ $n -lt "$from" ]; then continue; fi;
case $d in /.cache/*) ;; /*) "$1";; esac;
done; };
u=;
start() { f=$d/$name; if [ -n "$u" ]; then umask "$u"; fi; trap - PIPE; echo "$m run $n"; exec "$f" session --tmp "$d" --size "$size"; };
closed() { LC_ALL=C ls -ldL "$d" "$d/.." 2> /dev/null | {
read -r own rest; read -r above rest;
case $own in d????w*|d???????w*) exit 1;; d*) ;; *) exit 1;; esac;
case $above in d???????w[x-]*) exit 1;; d*) ;; *) exit 1;; esac; }; };
ours() { if [ -h "$d" ]; then return 1; fi; [ -d "$d" ] && [ -O "$d" ] && closed; };
present() { f=$d/$name; if [ -h "$f" ]; then return; fi; if [ -f "$f" ] && [ -x "$f" ] && [ -O "$f" ] && ours; then start; fi; };
refuse() { why="$why $d: $1;"; rm -f "$t"; };
receive() {
trap "" PIPE;
t=$d/.kapell-new-$m;
e=$(mkdir -p "$d" 2>&1) || { t=; refuse "$e"; return; };
ours || { t=; refuse "belongs to another user, or others may write to it or above it"; return; };
e=$({ : > "$t" && chmod 700 "$t" && "$t"; } 2>&1) || { refuse "$e"; return; };
z=plain; if command -v gzip > /dev/null 2>&1; then z=gzip; fi;
if command -v head > /dev/null 2>&1; then :; else head() { dd bs=1 count="$2" 2> /dev/null; }; fi;
echo "$m need $n $z $arch"; read -r len;
if [ $z = gzip ]; then e=$({ head -c "$len" > "$t.gz" && gzip -dc < "$t.gz" > "$t"; } 2>&1) || : > "$t"; rm -f "$t.gz"; else e=$({ head -c "$len" > "$t"; } 2>&1); fi;
e="$e $({ [ -s "$t" ] && "$t" check "$hash"; } 2>&1)" || { rm -f "$t"; echo "$m fail $n" $d: $e; exit 1; };
e=$(mv -f "$t" "$d/$name" 2>&1) || { rm -f "$t"; echo "$m fail $n" $d: $e; exit 1; };
find "$d" "(" -name "kapell-worker-*" -mtime +30 -o -name ".kapell-new-*" -mtime +1 ")" -exec rm -f "{}" + 2> /dev/null;
start; };
why=;
if [ "$force" = 0 ]; then each present; fi;
u=$(umask); umask 077;
each receive;
echo "$m nodir" $why;
exit 1
