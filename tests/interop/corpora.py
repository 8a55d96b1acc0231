# SPDX-License-Identifier: Apache-2.0
"""Counts the objects in every file of some corpora as Remint and as other makers' tools do.

corpora.py count WORK JUDGE,JUDGE... CORPUS=DIR...
    writes WORK/counts and WORK/differences, see write_counts() and write_differences()
corpora.py check WORK EXPECT RELEASE JUDGE,JUDGE... CORPUS...
    compares both with the table of what is known on that release of Debian; see check()

Remint and OpenSSL's storeutl get each file whole. The other tools read one object a run, mostly: they get each PEM block, or
each DER file, by itself, and are asked for what its label says, or what Remint or OpenSSL see in it. A tool that was not asked
for a type is not compared on it. The judge d2i is tests/interop/compare, field by field.
"""
import base64
import collections
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REMINT = os.environ.get("REMINT", "remint")
TYPES = ("certificate", "crl", "request", "private-key", "public-key", "ocsp-response")
BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9# ]+)-----\s.*?-----END \1-----", re.S)
MARKER = re.compile(rb"^\s*-----BEGIN ", re.M)
KEYS = re.compile(rb"(ENCRYPTED |RSA |EC |DSA )?PRIVATE KEY")
LABELS = {
    b"CERTIFICATE": "certificate", b"X509 CERTIFICATE": "certificate", b"TRUSTED CERTIFICATE": "certificate",
    b"X509 CRL": "crl", b"CERTIFICATE REQUEST": "request", b"NEW CERTIFICATE REQUEST": "request",
    b"PKCS7": "pkcs7", b"CMS": "pkcs7",
}
PFX = re.compile(rb"\x30(?:[\x00-\x80]|[\x81-\x84].{1,4})\x02\x01\x03\x30", re.S)
PAIR = re.compile(rb"\x30(?:[\x00-\x80]|[\x81-\x84].{1,4})[\xa0\xa1]", re.S)
STORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")

# How a judge is asked for one kind of thing: {in} is the file, {pass} its passphrase, {form} "PEM" or "DER", {-der} and {-ascii} the
# option of a tool that must be told which. What in its output tells an object of which type; None: its success is one object.
CERTS = {"certificate": "-----BEGIN CERTIFICATE-----", "crl": "-----BEGIN X509 CRL-----"}
STORE = {"certificate": "^Owner: ", "private-key": "PrivateKeyEntry"}
JUDGES = {
    ("openssl", "request"): ("openssl req -noout -inform {form} -in {in}", {"request": None}),
    ("openssl", "pkcs7"): ("openssl pkcs7 -print_certs -inform {form} -in {in}", CERTS),
    ("openssl", "ocsp-response"): ("openssl ocsp -noverify -resp_text -respin {in}", {"ocsp-response": "^OCSP Response Data|^Responder Error"}),
    ("certtool", "certificate"): ("certtool -i {-der} --infile {in}", {"certificate": "X.509 Certificate Information"}),
    ("certtool", "crl"): ("certtool -l {-der} --infile {in}", {"crl": "X.509 Certificate Revocation List Information"}),
    ("certtool", "request"): ("certtool --crq-info {-der} --infile {in}", {"request": "PKCS #10 Certificate Request Information"}),
    ("certtool", "pkcs7"): ("certtool --p7-info {-der} --infile {in}", CERTS),
    ("certtool", "private-key"): ("certtool -k {-der} --password {pass} --infile {in}", {"private-key": None}),
    ("certtool", "pkcs12"): ("certtool --p12-info --inder --password {pass} --infile {in}",
                             dict(CERTS, **{"private-key": "-----BEGIN [A-Z ]*PRIVATE KEY-----"})),
    ("nss", "certificate"): ("nss-pp -t certificate {-ascii} -i {in}", {"certificate": None}),
    ("nss", "crl"): ("nss-pp -t crl {-ascii} -i {in}", {"crl": None}),
    ("nss", "request"): ("nss-pp -t certificate-request {-ascii} -i {in}", {"request": None}),
    ("nss", "pkcs7"): ("nss-pp -t pkcs7 {-ascii} -i {in}", {"certificate": "Certificate \\("}),
    ("nss", "pkcs12"): ("pk12util -l {in} -W {pass}", {"certificate": "^Certificate", "private-key": "^Key"}),
    ("keytool", "certificate"): ("-printcert -file {in}", {"certificate": "^Owner: "}),
    ("keytool", "crl"): ("-printcrl -file {in}", {"crl": "X.509 CRL v"}),
    ("keytool", "request"): ("-printcertreq -file {in}", {"request": "^PKCS #10"}),
    ("keytool", "pkcs7"): ("-printcert -file {in}", {"certificate": "^Owner: "}),
    ("keytool", "pkcs12"): ("-list -v -storetype PKCS12 -keystore {in} -storepass {pass}", STORE),
    ("keytool", "store"): ("-list -v -keystore {in} -storepass {pass}", STORE),
}
STOREUTL = ("openssl storeutl -noout -provider default -provider legacy -passin pass:{pass} {in}",
            {"certificate": ": Certificate$", "crl": ": CRL$", "private-key": ": Pkey$", "public-key": ": Public key$"})

MANY = 50  # a file with more PEM blocks of keys than that is a test vector: certtool would be started for each

File = collections.namedtuple("File", "name path bytes passphrase")


def fill(command, values):
    """The words of a command; one that is nothing but an option not needed goes."""
    words = [word.replace("{-der}", values["-der"]).replace("{-ascii}", values["-ascii"]) for word in command.split()]
    return [re.sub(r"\{(\w+)\}", lambda found: values[found[1]], word) for word in words if word]


def count(output, success, patterns):
    return {kind: int(success) if pattern is None else len(re.findall(pattern, output, re.M))
            for kind, pattern in patterns.items()}


def run(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode("latin-1"), done.returncode == 0


# ---- the corpora ----

def passphrases():
    with open(os.path.join(HERE, "corpora.passphrases"), encoding="utf-8") as table:
        return [line.rstrip("\n").split("\t") for line in table if not line.startswith("#")]


def files_of(corpora):
    """Every file once, under whichever of its names comes first."""
    table, seen = passphrases(), set()
    for corpus, top in corpora:
        for folder, folders, names in os.walk(top):
            folders[:] = sorted(folder for folder in folders if folder != "__pycache__")
            for name in sorted(names):
                path = os.path.join(folder, name)
                real = os.path.realpath(path)
                if real in seen or not os.path.isfile(real):
                    continue
                seen.add(real)
                name = corpus + "/" + os.path.relpath(path, top)
                known = [word for word, pattern in table if fnmatch.fnmatch(name, pattern)]
                with open(path, "rb") as stream:
                    yield File(name, path, stream.read(), known[0] if known else "")


# ---- Remint ----

def read_by_remint(files, work):
    """The objects of each file by type, and those in a PKCS#7. A key that stays closed is none."""
    groups, names = collections.defaultdict(list), {}
    counts = {file.name: collections.Counter() for file in files}
    bags = set()
    for file in files:
        groups[file.passphrase].append(file.path)
        names[file.path] = file.name
    for passphrase, paths in groups.items():
        secret = os.path.join(work, "passphrase")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            stream.write(passphrase + "\n")
        words = [REMINT, "show", "--json", "--no-pem"] + (["--password-file", secret] if passphrase else [])
        done = subprocess.run(words + ["--"] + paths, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(os.path.join(work, "remint.err"), "ab") as stream:
            stream.write(done.stderr)
        for found in json.loads(done.stdout.decode("utf-8"))["objects"]:
            name = names[found["source"]]
            if not found.get("locked"):
                counts[name][found["type"]] += 1
            if found["container"].endswith("pkcs7"):
                bags.add(name)
    return counts, bags


# ---- the judges ----

def things_in(file, seen, bag):
    """(kind, form, bytes) of everything that a judge is asked for."""
    if file.bytes[:4] in STORES:
        return [("store", "DER", file.bytes)]
    if PFX.match(file.bytes):
        return [("pkcs12", "DER", file.bytes)]
    if PAIR.match(file.bytes):  # of cross certificates: no tool has a word for it
        return []
    if file.bytes[:1] == b"\x30":
        kinds = ["pkcs7"] if bag else [kind for kind in TYPES if seen[kind]]
        return [(kind, "DER", file.bytes) for kind in kinds or ["certificate", "crl", "request", "pkcs7", "ocsp-response"]]
    blocks = [(found[1], found[0] + b"\n") for found in BLOCK.finditer(file.bytes)]
    things = [(LABELS.get(label) or (KEYS.fullmatch(label) and "private-key"), "PEM", block) for label, block in blocks]
    keys = sum(thing[0] == "private-key" for thing in things)
    return [thing for thing in things if thing[0] and (keys <= MANY or thing[0] != "private-key")]


def pem(label, der):
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, base64.encodebytes(der), label)


class Bench:
    """Runs each tool once on the same bytes, many at a time; keytool at the end, all in one process."""

    def __init__(self, work):
        self.work = work
        self.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2)
        self.asked = {}
        self.java = []

    def keep(self, thing):
        path = os.path.join(self.work, "things", hashlib.sha256(thing).hexdigest()[:32])
        if not os.path.exists(path):
            with open(path, "wb") as stream:
                stream.write(thing)
        return path

    def compare(self, things):
        """Remint's reader beside d2i: lines of differences, and one that counts."""
        program = os.environ.get("COMPARE")
        listed = "".join(f"{name}\t{path}\n" for name, path in sorted(things))
        done = subprocess.run([program], input=listed.encode(), stdout=subprocess.PIPE, check=True)
        return done.stdout.decode("utf-8").splitlines(keepends=True)

    def ask(self, judge, command, path, form, passphrase):
        values = {"in": path, "pass": passphrase, "form": form,
                  "-der": "--inder" if form == "DER" else "", "-ascii": "-a" if form == "PEM" else ""}
        words = tuple(fill(command, values))
        if words not in self.asked:
            self.asked[words] = None if judge == "keytool" else self.pool.submit(run, words)
            if judge == "keytool":
                self.java.append(words)
        return words

    def finish(self):
        lines = "".join("\t".join(words) + "\n" for words in self.java)
        opens = "--add-opens=java.base/sun.security.tools.keytool=ALL-UNNAMED"
        words = ["java", "-XX:+UseSerialGC", opens, "-cp", self.work, "Keytool"]
        said = subprocess.run(words, input=lines.encode(), stdout=subprocess.PIPE).stdout.decode("utf-8") if lines else ""
        answers = dict(zip(self.java, said.split("\036\n")))
        return {words: (answers[words], "failed: " not in answers[words]) if later is None else later.result()
                for words, later in self.asked.items()}


def read_by_judges(files, ours, bags, work, judges):
    """judge -> file -> type -> count; only the types that the judge was asked for."""
    bench = Bench(work)
    questions = []
    looks = [file for file in files if file.bytes[:1] == b"\x30" or MARKER.search(file.bytes) or
             ours[file.name] and file.bytes[:4] not in STORES]
    whole = [(file, bench.ask("openssl", STOREUTL[0], file.path, "", file.passphrase)) for file in looks]
    seen = {file.name: collections.Counter(ours[file.name]) for file in files}
    theirs = {judge: collections.defaultdict(dict) for judge in judges}
    for file, words in whole:
        theirs["openssl"][file.name] = count(*bench.asked[words].result(), STOREUTL[1])
        seen[file.name].update(theirs["openssl"][file.name])
    fields = set()
    for file in files:
        if file not in looks and file.bytes[:4] not in STORES:
            continue
        for kind, form, thing in things_in(file, seen[file.name], file.name in bags):
            if kind in ("certificate", "crl", "request"):
                fields.add((file.name, bench.keep(thing)))
            for judge in judges:
                if (judge, kind) not in JUDGES:
                    continue
                command, patterns = JUDGES[judge, kind]
                if (judge, kind, form) == ("keytool", "request", "DER"):  # it reads them in PEM only
                    form, thing = "PEM", pem(b"CERTIFICATE REQUEST", thing)
                words = bench.ask(judge, command, bench.keep(thing), form, file.passphrase)
                questions.append((judge, file.name, patterns, words))
    lines = bench.compare(fields)
    answers = bench.finish()
    for judge, name, patterns, words in questions:
        for kind, number in count(*answers[words], patterns).items():
            theirs[judge][name][kind] = theirs[judge][name].get(kind, 0) + number
    return theirs, lines


# ---- what comes out ----

def write_counts(work, files, ours, theirs, fields):
    """"corpus", its name, files, files with objects, certificates, CRLs, ... as in TYPES; "judge", its name, files, objects."""
    with open(os.path.join(work, "counts"), "w") as out:
        for corpus in dict.fromkeys(file.name.split("/")[0] for file in files):
            mine = [ours[file.name] for file in files if file.name.split("/")[0] == corpus]
            held = [number for number in mine if any(number[kind] for kind in TYPES)]
            row = [corpus, len(mine), len(held)] + [sum(number[kind] for number in mine) for kind in TYPES]
            print("corpus", *row, sep="\t", file=out)
        for judge, read in theirs.items():
            print("judge", judge, len(read), sum(sum(numbers.values()) for numbers in read.values()), sep="\t", file=out)
        print("fields", fields.split("\t", 1)[1], sep="\t", end="", file=out)


def write_differences(work, ours, theirs, fields):
    """CORPUS/PATH TAB JUDGE TAB TYPE TAB the judge's count TAB Remint's, sorted."""
    lines = [f"{name}\t{judge}\t{kind}\t{number}\t{ours[name][kind]}\n" for judge, read in theirs.items()
             for name, numbers in read.items() for kind, number in numbers.items() if number != ours[name][kind]]
    with open(os.path.join(work, "differences"), "w") as out:
        out.writelines(sorted(lines + fields))


def count_corpora(work, judges, *corpora):
    os.makedirs(os.path.join(work, "things"))
    files = list(files_of([corpus.split("=", 1) for corpus in corpora]))
    ours, bags = read_by_remint(files, work)
    theirs, lines = read_by_judges(files, ours, bags, work, judges.split(","))
    write_counts(work, files, ours, theirs, lines[-1])
    write_differences(work, ours, theirs, lines[:-1])


# ---- what is known ----

def check(work, expect, release, judges, *corpora):
    """Says what the table does not, and what it says and is no longer so: nothing when all is as known.

    Rows of the table, parted by tabs; "differ" rows are tried in their order:
        corpus  RELEASE  the row of WORK/counts, without its first word
        differ  CLASS  JUDGES  TYPE  PATTERN of THEIRS/OURS  how many on Debian 12  on Debian 13  PATTERN of CORPUS/PATH
    """
    with open(expect, encoding="utf-8") as table:
        rows = [line.rstrip("\n").split("\t") for line in table if line.strip() and not line.startswith("#")]
    with open(os.path.join(work, "counts")) as counts:
        counted = [line.rstrip("\n").split("\t") for line in counts]
    for row in rows:
        if row[0] == "corpus" and row[1] == release and row[2] in corpora and ["corpus"] + row[2:] not in counted:
            print("counted otherwise than listed:", *row[2:])
    column = {"12": 5, "13": 6}[release]
    known = [row for row in rows if row[0] == "differ" and row[7].split("/")[0] in corpora]
    found = collections.Counter()
    with open(os.path.join(work, "differences")) as differences:
        for line in differences:
            name, judge, kind, theirs, mine = line.rstrip("\n").split("\t")
            fits = [row for row in known if row[column] != "0" and judge in row[2].split(",") and row[3] == kind and
                    fnmatch.fnmatchcase(f"{theirs}/{mine}", row[4]) and fnmatch.fnmatchcase(name, row[7])]
            if fits:
                found[known.index(fits[0])] += 1
            elif name.split("/")[0] in corpora:
                print(f"not listed: {name}: {judge} counts {theirs} {kind}, Remint {mine}")
    for number, row in enumerate(known):
        asked = [judge for judge in row[2].split(",") if judge in judges.split(",")]
        if len(asked) == len(row[2].split(",")) and found[number] != int(row[column]):
            print(f"listed {row[column]} times, found {found[number]} times:", *row[1:5], row[7])


{"count": count_corpora, "check": check}[sys.argv[1]](*sys.argv[2:])
