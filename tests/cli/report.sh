# SPDX-License-Identifier: Apache-2.0
# remint report: how far a campaign is and who is next, as text, as JSON and as a page that is safe whatever a certificate says.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/pki.sh"
. "$srcdir/tests/lib/refuse.sh"
. "$srcdir/tests/lib/campaign.sh"
need openssl jq python3
cd "$TMP" || exit
remint() { "$REMINT" "$@"; }
report() { remint --home "$TMP/home" report "$@"; }

# ---- a plan with a name that would like to be markup ----------------------------------------------------------------------
old_ca
old_cert good '/O=Contoso/CN=good.example.com' extendedKeyUsage=serverAuth,clientAuth subjectAltName=DNS:good.example.com
old_cert eku '/O=Contoso/CN=eku.example.com' extendedKeyUsage=serverAuth subjectAltName=DNS:eku.example.com
override=$(printf '\342\200\256gnp.exe')
old_cert hostile "/O=<script>document.title=1<\\/script>/OU=<img src=x onerror=alert(1)>\"'&amp;/L=--><!--]]><\\/title><\\/style><svg onload=x>/CN=evil$override$(printf '\033')[31mred" \
	extendedKeyUsage=serverAuth subjectAltName=DNS:evil.example.com
mkdir fleet
cp good.pem eku.pem hostile.pem fleet/
remint plan fleet --for dotnet-mtls --trust root.pem --signer external -o plan.json >plan.out 2>&1
[ -s plan.json ] && ok "there is a plan" || not_ok "there is a plan" plan.out

# ---- without a database everything is as planned -----------------------------------------------------------------------------
check "the text" report plan.json
expect_out '^plan.json: 3 certificates on 3 devices$' "it counts"
expect_out '^  states +planned 2, skipped 1$' "by state"
expect_out '^  actions +keep 1, reissue 2$' "by action"
expect_out '^  waiting for  our administrator 2, another CA.s 0, the person at the device 0$' "and by who is next"
expect_out 'remint apply plan.json --commit --out DIR' "the next step has its command"
expect_out 'not begun' "it says that nothing is begun"
expect_no_line "$TMP/out" "$(printf '\033|\342\200\256')" "no control character and no change of direction comes through"
expect_no_line "$TMP/out" 'good.example.com' "what is kept is not told among what is left"

check "as JSON" report plan.json --json
cp "$TMP/out" told.json
is() {
	jq -e "$1" told.json >/dev/null && ok "$2" || not_ok "$2" told.json
}
is '.schema == 1 and .count == 3 and .begun == false and .plan == "plan.json"' "the head is there"
is '(.states | add) == .count and (.actions | add) == .count and (.actors | add) == .count' "every item is counted once"
is '.items | length == 3' "every item is told"
[ "$(jq -r '.items[].item' told.json | sort)" = "$(jq -r '.items[].id' plan.json | sort)" ] &&
	ok "the items are those of the plan" || not_ok "the items are those of the plan" told.json
is '.items[] | select(.name == "eku.example.com") | .state == "planned" and .actor == "us" and .action == "reissue"' "an item has state and actor"
is '.items[] | select(.name == "eku.example.com") | .before.purposes == "serverAuth" and .before.names == ["dns:eku.example.com"]' \
	"the old certificate is described"
is '[.items[] | has("after")] | any | not' "there is no new one"
is '.items[] | select(.name == "good.example.com") | .state == "skipped" and .actor == "nobody" and .task == ""' "what is kept waits for nobody"
[ "$(jq -r '.items[] | select(.name == "eku.example.com") | .before.sha256' told.json)" = \
	"$(openssl x509 -in eku.pem -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)" ] &&
	ok "its fingerprint is right" || not_ok "its fingerprint is right" told.json

# ---- the page ------------------------------------------------------------------------------------------------------------------
check "the page" report plan.json --html report.html
expect_out '^written to +report.html$' "it says where it is"
[ "$(stat -c %a report.html)" = 600 ] && ok "its mode is what the umask leaves" || not_ok "its mode is what the umask leaves"
cat >judge.py <<'JUDGE'
import base64, hashlib, html.parser, re, sys
text = open(sys.argv[1], encoding="utf-8", newline="").read()
allowed = set("html head meta title style body header h1 h2 h3 p code div b span section svg rect ul li table thead tbody tr th td "
              "article a bdi footer".split())
names = set("http-equiv content charset name lang class id href viewbox preserveaspectratio role aria-label aria-hidden width height x".split())
void = {"meta"}
class Judge(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.style, self.text, self.policy, self.ids, self.links = [], [], "", [], "", [], []
    def handle_starttag(self, tag, attrs, closed=False):
        if tag not in allowed: self.faults.append("element " + tag)
        for name, value in attrs:
            if name not in names: self.faults.append("attribute " + name)
            if name == "href":
                self.links.append(value)
                if not re.fullmatch("#[A-Za-z0-9-]+", value): self.faults.append("address " + value)
            if name == "id": self.ids.append(value)
        if dict(attrs).get("http-equiv") == "Content-Security-Policy": self.policy = dict(attrs)["content"]
        if tag not in void and not closed: self.open.append(tag)
    def handle_startendtag(self, tag, attrs): self.handle_starttag(tag, attrs, True)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.faults.append("end of " + tag)
    def handle_data(self, data):
        if self.open and self.open[-1] == "style": self.style += data
        else: self.text.append(data)
    def handle_comment(self, data): self.faults.append("comment")
judge = Judge()
judge.feed(text)
judge.close()
if judge.open: judge.faults.append("left open: " + " ".join(judge.open))
digest = base64.b64encode(hashlib.sha256(judge.style.encode()).digest()).decode()
if judge.policy != f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'":
    judge.faults.append("policy " + judge.policy)
if re.search(r"url\(|@import|https?:|//", judge.style): judge.faults.append("the style fetches something")
if len(judge.ids) != len(set(judge.ids)): judge.faults.append("an id twice")
for link in judge.links:
    if link[1:] not in judge.ids: judge.faults.append("a link to nothing: " + link)
if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text): judge.faults.append("a control character")
said = "".join(judge.text)
for wanted in sys.argv[2:]:
    if wanted not in said: judge.faults.append("missing text: " + wanted)
for fault in judge.faults: print(fault)
JUDGE
python3 judge.py report.html 'script\>document.title=1' 'img src=x onerror=alert(1)' '&amp\;' '!--]]' 'svg onload=x' 'evil\u{202e}gnp.exe\x1b[31mred' eku.example.com 'remint apply plan.json --commit --out DIR' \
	'Our administrator' 'Left as they are' >found
judged() {
	[ -s found ] && not_ok "$1" found || ok "$1"
}
judged "the page is well-formed, fetches nothing, runs nothing, and shows every name as text"
python3 judge.py plan.json >found 2>&1
[ -s found ] && ok "the judge knows what is no such page" || not_ok "the judge knows what is no such page"
sed 's|&lt;img|<img|' report.html >broken.html
python3 judge.py broken.html >found
grep -q 'element img' found && ok "the judge finds one escape that is missing" || not_ok "the judge finds one escape that is missing" found

cp report.html before.html
refused 4 'report.html: .*exists' "a page that is there already" report plan.json --html report.html
check "with --force" report plan.json --html report.html --force

# ---- a campaign under way -----------------------------------------------------------------------------------------------------
lab --no-password --issuing-subject "CN=<b onclick=x>Lab's CA</b>"
for n in web mail kept asked gone later open; do
	old_cert $n "/O=Contoso/CN=$n.contoso.com" subjectAltName=DNS:$n.contoso.com
done
openssl x509 -in gone.pem -out gone-only.pem
finding='.findings = [{rule: "leaf.key.rsa-bits", severity: "error", target: "nginx", source: "", message: "too short", cleared: true},
	{rule: "leaf.san.present", severity: "warning", target: "nginx", source: "", message: "no names", cleared: false}]'
{
	plan_item web.pem web reissue "$finding"
	plan_item mail.pem mail rekey '.targets = ["nginx", "haproxy"]'
	plan_item kept.pem kept convert
	plan_item asked.pem asked reissue '.signer = "external"'
	plan_item gone-only.pem gone reissue '.keep_key = true'
	plan_item later.pem later reissue '.approved = false'
	plan_item open.pem open keep
} >items
rm gone.key
plan_of c <items >campaign.json
remint apply campaign.json --commit --out b --chain root.pem >apply.out 2>&1
check "a campaign is begun" remint report campaign.json --json
cp "$TMP/out" told.json
expect_states "every state is told" web=exported mail=exported kept=exported asked=requested gone=failed later=skipped open=skipped
actor() {
	jq -r --arg device "$1" '.items[] | select(.device == $device) | .actor + " " + .command' told.json
}
is '.begun and .started' "it says since when"
[ "$(actor web)" = "device remint verify --campaign campaign.json" ] && ok "what is exported waits for the person at the device" ||
	not_ok "what is exported waits for the person at the device" told.json
[ "$(actor asked)" = "ca remint apply campaign.json --commit --out DIR --cert FILE" ] && ok "a request waits for the other CA" || not_ok "a request waits for the other CA" told.json
[ "$(actor gone)" = "us remint apply campaign.json --commit --out DIR" ] && ok "what failed waits for us" ||
	not_ok "what failed waits for us" told.json
is '.items[] | select(.device == "gone").reason | test("key")' "with its reason"
[ "$(jq -r '.items[] | select(.device == "web").after.serial' told.json)" = \
	"$(openssl x509 -in b/web/cert.pem -noout -serial | sed 's/.*=//' | tr A-F a-f)" ] &&
	ok "the new certificate is described" || not_ok "the new certificate is described" told.json
is '.items[] | select(.device == "kept" or .device == "asked" or .device == "gone") | has("after") | not' "where there is one"
is '.findings == 2 and .cleared == 0' "nothing is cleared before it is served"

openssl x509 -in b/web/cert.pem -out web.pem
openssl x509 -in b/mail/cert.pem -out mail.pem
remint verify --campaign campaign.json >verify.out 2>&1
remint report campaign.json --json >told.json
is '.states.live == 3 and .cleared == 1' "what is served is live, and its findings are cleared"
is '.items[] | select(.device == "web").moves | map(.state) == ["planned", "issued", "exported", "live"]' "the log tells how it came there"
is '.items[] | select(.device == "later").moves | map(.state) == ["planned", "skipped"]' "also of what was left out"
serial=$(jq -r '.items[] | select(.device == "web").before.serial' told.json)
[ "$(actor kept)" = "us remint apply campaign.json --close --commit" ] && ok "we close what only changed its form" ||
	not_ok "we close what only changed its form" told.json
[ "$(actor web)" = "ca certutil -revoke $serial 4" ] && ok "the other CA is told to revoke the old one" ||
	not_ok "the other CA is told to revoke the old one" told.json
remint apply campaign.json --close --commit --confirmed-by "Ann <i>O'Hara</i>" >close.out 2>&1
check "the page of it" remint report campaign.json --html campaign.html
expect_out '^  states +requested 1, closed 3, failed 1, skipped 2$' "closed"
python3 judge.py campaign.html "Lab's CA" "Ann <i>O'Hara</i>" "$serial" 'too short' 'Before' 'After' 'History: planned ' 'Person at the device' 'Sign the request' >found
judged "old and new stand side by side, and who vouched for the end"
[ "$(grep -c '<td class="changed">' campaign.html)" -ge 2 ] && ok "what changed is marked" || not_ok "what changed is marked"

# ---- somebody else's plan -----------------------------------------------------------------------------------------------------
lab --no-password --home other
expect_status 0 "a plan that was made with another CA is told" remint --home other report campaign.json
expect_err 'campaign.json was made with another CA than those of this home, which has no record of the campaign' "but not in silence"
expect_status 0 "as JSON" remint --home other report campaign.json --json
cp "$TMP/out" told.json
is '.other_ca and .database and (.begun | not)' "too"
check "a page" remint --home other report campaign.json --html other.html
expect_line other.html 'made with another CA' "too"
jq '.id = ("d" * 32)' campaign.json >fresh.json
expect_status 0 "a plan of this home that is not begun" remint report fresh.json
expect_out 'This home has no record of the campaign' "is told as such"
expect_no_line "$TMP/err" 'another CA' "and as no other's"

# ---- what is no plan --------------------------------------------------------------------------------------------------------------
refused 3 'none.json: ' "a plan that is not there" report none.json
sed 's/"action": "reissue"/"action": "reisue"/' plan.json >typo.json
refused 3 'typo.json: items\[[0-9]\].action: .*did you mean "reissue"' "a plan with a mistake" report typo.json --html typo.html
absent typo.html "and no page of it"
expect_status 3 "as JSON" report typo.json --json
jq -e '.error.class == "input" and (keys == ["error", "schema"])' out >/dev/null && ok "the error alone" || not_ok "the error alone" out
expect_status 2 "no plan" report
expect_status 2 "two plans" report plan.json plan.json
tap_done
