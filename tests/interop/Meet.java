// SPDX-License-Identifier: Apache-2.0
// Meet: a TLS server with a key store, and a client that knows a trust store alone and checks the host's name, in one program. Each
// line on standard input is "KEY-TYPE KEY-STORE TRUST-TYPE TRUST-STORE PASSPHRASE HOST". Prints for each, in order, "accepted
// ALIAS N", the alias of the key and the number of certificates sent, or "refused REASON".
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.util.Collections;
import javax.net.ssl.*;

public class Meet {
	static KeyStore load(String type, String file, String passphrase) throws Exception {
		KeyStore store = KeyStore.getInstance(type);
		try (InputStream in = Files.newInputStream(Paths.get(file))) {
			store.load(in, passphrase.toCharArray());
		}
		return store;
	}

	static SSLServerSocket serve(KeyStore store, String passphrase) throws Exception {
		KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		SSLContext context = SSLContext.getInstance("TLS");
		keys.init(store, passphrase.toCharArray());
		context.init(keys.getKeyManagers(), null, null);
		SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
		Thread thread = new Thread(() -> {
			try (SSLSocket peer = (SSLSocket) server.accept()) {
				peer.startHandshake();
				peer.getInputStream().read();
			} catch (IOException e) {
				// the client says why
			}
		});
		thread.setDaemon(true);
		thread.start();
		return server;
	}

	static String meet(String[] words) {
		try {
			KeyStore own = load(words[0], words[1], words[4]), trusted = load(words[2], words[3], words[4]);
			TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			SSLContext context = SSLContext.getInstance("TLS");
			trust.init(trusted);
			context.init(null, trust.getTrustManagers(), null);
			try (SSLServerSocket server = serve(own, words[4]); Socket plain = new Socket("127.0.0.1", server.getLocalPort())) {
				SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(plain, words[5], plain.getPort(), true);
				SSLParameters parameters = tls.getSSLParameters();
				parameters.setEndpointIdentificationAlgorithm("HTTPS");
				tls.setSSLParameters(parameters);
				tls.setSoTimeout(20000);
				tls.startHandshake();
				return "accepted " + Collections.list(own.aliases()).get(0) + " " + tls.getSession().getPeerCertificates().length;
			}
		} catch (Exception e) {
			Throwable cause = e;
			while (cause.getCause() != null)
				cause = cause.getCause();
			return "refused " + cause.getMessage();
		}
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = in.readLine()) != null; )
			System.out.println(meet(line.trim().split(" ")));
	}
}
