// SPDX-License-Identifier: Apache-2.0
// Judge: Java's PKIX path validation of "ROOT CA... LEAF" (PEM files, from the top), one path a line on standard input. Prints
// "accepted" or "refused REASON" for each, in order. Revocation is not asked for: there is no server.
import java.io.*;
import java.nio.file.*;
import java.security.cert.*;
import java.util.*;

public class Judge {
	static X509Certificate read(String path) throws Exception {
		try (InputStream in = Files.newInputStream(Paths.get(path))) {
			return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
	}

	static String judge(String[] files) {
		try {
			List<X509Certificate> upwards = new ArrayList<>();
			for (int i = files.length - 1; i > 0; i--)
				upwards.add(read(files[i]));
			CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(upwards);
			PKIXParameters parameters = new PKIXParameters(Collections.singleton(new TrustAnchor(read(files[0]), null)));
			parameters.setRevocationEnabled(false);
			CertPathValidator.getInstance("PKIX").validate(path, parameters);
			return "accepted";
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
