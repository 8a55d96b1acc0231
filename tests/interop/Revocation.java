// SPDX-License-Identifier: Apache-2.0
// Revocation: Java's PKIX path validation with OCSP and nothing else (no CRL to fall back on): "WHERE WORDS ROOT ISSUING LEAF" a line on
// standard input. WHERE is the responder's URL or a file with the response; WORDS, with commas between them, are "nonce" (send one),
// "leaf" (ask about this alone, not about the whole path) or "-". Prints "accepted" or "refused REASON" for each, in order.
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.SecureRandom;
import java.security.cert.*;
import java.util.*;

public class Revocation {
	static X509Certificate read(String path) throws Exception {
		try (InputStream in = Files.newInputStream(Paths.get(path))) {
			return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
	}

	// The nonce extension: an OCTET STRING in its value.
	static Extension nonce() throws Exception {
		byte[] value = new byte[34];
		new SecureRandom().nextBytes(value);
		value[0] = 4;
		value[1] = 32;
		return new Extension() {
			public String getId() { return "1.3.6.1.5.5.7.48.1.2"; }
			public boolean isCritical() { return false; }
			public byte[] getValue() { return value; }
			public void encode(OutputStream out) throws IOException {
				byte[] oid = { 6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2 };
				out.write(0x30);
				out.write(oid.length + 2 + value.length);
				out.write(oid);
				out.write(4);
				out.write(value.length);
				out.write(value);
			}
		};
	}

	static String judge(String[] words) {
		try {
			CertPath path = CertificateFactory.getInstance("X.509")
				.generateCertPath(Arrays.asList(read(words[4]), read(words[3])));
			PKIXParameters parameters = new PKIXParameters(Collections.singleton(new TrustAnchor(read(words[2]), null)));
			CertPathValidator validator = CertPathValidator.getInstance("PKIX");
			PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();

			if (words[0].startsWith("http:"))
				checker.setOcspResponder(new URI(words[0]));
			else
				checker.setOcspResponses(Collections.singletonMap(read(words[4]), Files.readAllBytes(Paths.get(words[0]))));
			EnumSet<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK);
			if (words[1].contains("leaf"))
				options.add(PKIXRevocationChecker.Option.ONLY_END_ENTITY);
			checker.setOptions(options);
			if (words[1].contains("nonce"))
				checker.setOcspExtensions(Collections.singletonList(nonce()));
			parameters.addCertPathChecker(checker);
			validator.validate(path, parameters);
			return "accepted";
		} catch (CertPathValidatorException e) {
			return "refused " + e.getReason() + " " + e.getMessage();
		} catch (Exception e) {
			return "refused " + e;
		}
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = in.readLine()) != null; )
			System.out.println(judge(line.trim().split(" ")));
	}
}
