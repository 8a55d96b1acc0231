// SPDX-License-Identifier: Apache-2.0
// Lists: Java's opinion of revocation lists. A line of standard input is "list ISSUER CRL", whose signature is checked, or
// "path ROOT ISSUING LEAF CRL...", which is validated with these lists and no others; "chain" asks for the issuing CA as well. Prints "accepted", "revoked REASON" or
// "refused WHY" for each, in order.
import java.io.*;
import java.nio.file.*;
import java.security.cert.*;
import java.util.*;

public class Lists {
	static InputStream open(String path) throws Exception {
		return new ByteArrayInputStream(Files.readAllBytes(Paths.get(path)));
	}

	static X509Certificate cert(String path) throws Exception {
		return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(open(path));
	}

	static X509CRL crl(String path) throws Exception {
		return (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(open(path));
	}

	static void list(String[] words) throws Exception {
		X509CRL crl = crl(words[2]);
		crl.verify(cert(words[1]).getPublicKey());
		if (!crl.getIssuerX500Principal().equals(cert(words[1]).getSubjectX500Principal()))
			throw new Exception("another issuer");
	}

	static void path(String[] words) throws Exception {
		List<Object> lists = new ArrayList<>();
		for (int i = 4; i < words.length; i++)
			lists.add(crl(words[i]));
		CertPathValidator validator = CertPathValidator.getInstance("PKIX");
		PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
		EnumSet<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS,
			PKIXRevocationChecker.Option.NO_FALLBACK);
		if (words[0].equals("path"))
			options.add(PKIXRevocationChecker.Option.ONLY_END_ENTITY);
		checker.setOptions(options);
		PKIXParameters parameters = new PKIXParameters(Collections.singleton(new TrustAnchor(cert(words[1]), null)));
		parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
		parameters.addCertPathChecker(checker);
		validator.validate(CertificateFactory.getInstance("X.509").generateCertPath(Arrays.asList(cert(words[3]), cert(words[2]))),
			parameters);
	}

	static String judge(String[] words) {
		try {
			if (words[0].equals("list"))
				list(words);
			else
				path(words);
			return "accepted";
		} catch (CertPathValidatorException e) {
			if (e.getCause() instanceof CertificateRevokedException)
				return "revoked " + ((CertificateRevokedException) e.getCause()).getRevocationReason();
			return "refused " + e.getMessage();
		} catch (Exception e) {
			return "refused " + e.getMessage();
		}
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = in.readLine()) != null; )
			System.out.println(judge(line.trim().split(" ")));
	}
}
