// SPDX-License-Identifier: Apache-2.0
// Connect: a Java client that trusts one root (a PEM file) and checks the host's name as for HTTPS. Each line on standard
// input is "ROOT HOST PORT tls" or "ROOT HOST PORT smtp" (STARTTLS); the host is on loopback. Prints "accepted N", N being
// the certificates that were sent, or "refused REASON" for each, in order.
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

public class Connect {
	static SSLSocketFactory trusting(String root) throws Exception {
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		store.load(null, null);
		try (InputStream in = Files.newInputStream(Paths.get(root))) {
			store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
		}
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(store);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		return context.getSocketFactory();
	}

	// What the server says until a line whose code is followed by a space.
	static void reply(BufferedReader in) throws IOException {
		String line;
		do {
			line = in.readLine();
			if (line == null || line.length() < 4 || line.charAt(0) > '3')
				throw new IOException("SMTP: " + line);
		} while (line.charAt(3) == '-');
	}

	static void startTls(Socket socket) throws IOException {
		BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), "US-ASCII"));
		OutputStream out = socket.getOutputStream();
		reply(in);
		out.write("EHLO client.example\r\n".getBytes("US-ASCII"));
		reply(in);
		out.write("STARTTLS\r\n".getBytes("US-ASCII"));
		reply(in);
	}

	static String connect(String[] words) {
		try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), Integer.parseInt(words[2]))) {
			socket.setSoTimeout(20000);
			if (words[3].equals("smtp"))
				startTls(socket);
			SSLSocket tls = (SSLSocket) trusting(words[0]).createSocket(socket, words[1], socket.getPort(), true);
			SSLParameters parameters = tls.getSSLParameters();
			parameters.setEndpointIdentificationAlgorithm("HTTPS");
			tls.setSSLParameters(parameters);
			tls.startHandshake();
			return "accepted " + tls.getSession().getPeerCertificates().length;
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
			System.out.println(connect(line.trim().split(" ")));
	}
}
