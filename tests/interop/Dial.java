// SPDX-License-Identifier: Apache-2.0
// Dial: Java's TLS client, as "PORT ROOT [PKCS12 PASSWORD]", one call a line on standard input. Prints "accepted LINE", with
// the last line that the server said, or "refused REASON" for each, in order.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

public class Dial {
	static SSLContext context(String[] words) throws Exception {
		KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		SSLContext context = SSLContext.getInstance("TLS");

		trusted.load(null, null);
		try (InputStream in = Files.newInputStream(Paths.get(words[1]))) {
			trusted.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
		}
		trust.init(trusted);
		if (words.length > 3) {
			KeyStore own = KeyStore.getInstance("PKCS12");

			try (InputStream in = Files.newInputStream(Paths.get(words[2]))) {
				own.load(in, words[3].toCharArray());
			}
			keys.init(own, words[3].toCharArray());
		}
		context.init(words.length > 3 ? keys.getKeyManagers() : null, trust.getTrustManagers(), null);
		return context;
	}

	static String dial(String[] words) {
		String last = "";

		try (SSLSocket socket = (SSLSocket) context(words).getSocketFactory().createSocket("localhost", Integer.parseInt(words[0]))) {
			BufferedReader in;

			socket.setSoTimeout(20000);
			socket.startHandshake();
			in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
			for (String line; (line = in.readLine()) != null; )
				last = line;
			return "accepted " + last;
		} catch (Exception e) {
			return "refused " + e.getMessage();
		}
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = in.readLine()) != null; )
			System.out.println(dial(line.trim().split(" ")));
	}
}
