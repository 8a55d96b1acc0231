# SPDX-License-Identifier: Apache-2.0
# A real browser shows the page of `remint report`: names stay text, no script runs, screen, dark screen and A4 paper come out.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
need openssl python3
cd "$TMP" || exit
for browser in chromium chromium-browser google-chrome; do
	command -v $browser >/dev/null 2>&1 && break
	browser=
done
[ -n "$browser" ] || skip_all "chromium is not installed"
sandbox=
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
# browse FILE OPTION...: what the browser writes goes to $TMP/dom.
browse() {
	browse_file=$1
	shift
	HOME=$TMP timeout -k 5 120 "$browser" --headless $sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run \
		--user-data-dir="$TMP/profile" --virtual-time-budget=2000 "$@" "file://$TMP/$browse_file" >"$TMP/dom" 2>"$TMP/browser.log" </dev/null
}
printf '<!DOCTYPE html><title>up</title><p>up' >up.html
browse up.html --dump-dom && grep -q '<p>up' dom || skip_all "the browser does not start here: $(tail -n 1 browser.log)"

# Names that would change the title of the page, were any of them more than text.
old_ca
n=0
while read -r subject; do
	n=$((n + 1))
	old_cert "bad$n" "$subject" extendedKeyUsage=serverAuth "subjectAltName=DNS:bad$n.example.com"
done <<'SUBJECTS'
/CN=<script>document.title="pwned"<\/script>
/CN="><img src=x onerror='document.title="pwned"'>
/O=<\/td><\/table><svg onload='document.title="pwned"'>/CN=&lt;svg&gt;
/O=<\/style><style>*{display:none}<\/style>/CN=bad4.example.com
/CN=--><!-- ' onmouseover=alert(1) x='
SUBJECTS
mkdir fleet
cp bad?.pem fleet/
"$REMINT" plan fleet --for dotnet-mtls --trust root.pem --signer external -o plan.json >plan.out 2>&1
sed 's|"note": ""|"note": "<script>document.title=\\"pwned\\"</script><img src=x onerror=document.title=\\"pwned\\">"|' plan.json >noted.json
check "the page is written" "$REMINT" --home "$TMP/none" report noted.json --html report.html

# The control: the same names in a page that escapes nothing do what they say.
{
	printf '<!DOCTYPE html><title>Campaign report</title><body>'
	printf '%s' "<script>document.title=\"pwned\"</script>"
} >naive.html
browse naive.html --dump-dom
grep -q '<title>pwned</title>' dom && ok "the browser runs what a careless page lets through" ||
	not_ok "the browser runs what a careless page lets through" dom

browse report.html --dump-dom
cp dom report.dom
grep -q '<title>Campaign report: noted.json</title>' report.dom && ok "nothing has run" || not_ok "nothing has run" report.dom
cat >judge.py <<'JUDGE'
import html.parser, sys
class Judge(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.said, self.bad = {}, [], []
    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.bad += [name for name, _ in attrs if name.startswith("on") or name in ("src", "style", "srcset")]
    def handle_data(self, data): self.said.append(data)
judge = Judge()
judge.feed(open(sys.argv[1], encoding="utf-8").read())
for tag in ("script", "img", "iframe", "link", "object", "base", "form"):
    if tag in judge.tags: print("the browser sees an element", tag)
if judge.tags.get("style") != 1: print("not one style")
for name in judge.bad: print("the browser sees an attribute", name)
said = "".join(judge.said)
for wanted in ('<script>document.title="pwned"</script>', "<img src=x onerror='document.title=\"pwned\"'>", "&lt;svg&gt;", "onmouseover=alert(1)"):
    if wanted not in said.replace("\\", ""): print("the browser does not show", wanted)
JUDGE
python3 judge.py report.dom >found
[ -s found ] && not_ok "every name is text to the browser" found || ok "every name is text to the browser"

# picture FILE: width, height and number of colours of a PNG of 8 bits a channel.
cat >picture.py <<'PICTURE'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, stream, head = 8, b"", None
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IHDR": head = struct.unpack(">IIBBBBB", data[at + 8:at + 8 + size])
    if kind == b"IDAT": stream += data[at + 8:at + 8 + size]
    at += 12 + size
width, height, depth, colour = head[:4]
step = {2: 3, 6: 4}[colour]
raw, previous, colours, first, o = zlib.decompress(stream), bytearray(width * step), {}, None, 0
for row in range(height):
    kind, line = raw[o], bytearray(raw[o + 1:o + 1 + width * step])
    o += 1 + width * step
    for i in range(len(line)):
        a = line[i - step] if i >= step else 0
        b = previous[i]
        c = previous[i - step] if i >= step else 0
        if kind == 1: line[i] = (line[i] + a) & 255
        elif kind == 2: line[i] = (line[i] + b) & 255
        elif kind == 3: line[i] = (line[i] + (a + b) // 2) & 255
        elif kind == 4:
            p = a + b - c
            pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            line[i] = (line[i] + (a if pa <= pb and pa <= pc else b if pb <= pc else c)) & 255
    if first is None: first = line[0]
    if row % 8 == 0:
        for i in range(0, len(line), step): colours[bytes(line[i:i + 3])] = 1
    previous = line
print(width, height, "dark" if first < 96 else "light", "many" if len(colours) > 20 else "few")
PICTURE
browse report.html --window-size=900,1200 --screenshot="$TMP/light.png"
[ "$(python3 picture.py light.png)" = "900 1200 light many" ] && ok "a picture of the screen" || not_ok "a picture of the screen" browser.log
browse report.html --window-size=420,900 --force-dark-mode --blink-settings=preferredColorScheme=0 --screenshot="$TMP/dark.png"
case $(python3 picture.py dark.png) in
'420 900 dark many') ok "dark, on a small screen" ;;
'420 900 light many') skip "this browser takes no wish for dark" "dark, on a small screen" ;;
*) not_ok "dark, on a small screen" browser.log ;;
esac
browse report.html --no-pdf-header-footer --print-to-pdf="$TMP/page.pdf"
python3 - page.pdf <<'PDF' >found
import re, sys
data = open(sys.argv[1], "rb").read()
boxes = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", data)}
pages = len(re.findall(rb"/Type\s*/Page\b", data))
if boxes != {(0, 0, 595, 842)}: print("paper", boxes)
if not 2 <= pages <= 6: print(pages, "pages")
PDF
[ -s found ] && not_ok "on paper, A4" found || ok "on paper, A4"
tap_done
