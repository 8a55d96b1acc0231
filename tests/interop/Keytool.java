// SPDX-License-Identifier: Apache-2.0
// Keytool: Java's keytool many times in one process, for a machine starts more slowly than a thousand files are read. One run a line
// on standard input, its words parted by tabs; what keytool says follows, then a line with a record separator.
// Needs --add-opens java.base/sun.security.tools.keytool=ALL-UNNAMED.
import java.io.*;
import java.lang.reflect.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Keytool {
	public static void main(String[] args) throws Exception {
		Class<?> tool = Class.forName("sun.security.tools.keytool.Main");
		Constructor<?> make = tool.getDeclaredConstructor();
		Method run = tool.getDeclaredMethod("run", String[].class, PrintStream.class);
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		PrintStream said = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");

		make.setAccessible(true);
		run.setAccessible(true);
		System.setOut(new PrintStream(OutputStream.nullOutputStream()));
		System.setErr(System.out);
		for (String line; (line = in.readLine()) != null; ) {
			List<String> words = new ArrayList<>(Arrays.asList(line.split("\t")));

			words.add("-debug"); // an error is thrown; else it ends the process
			try {
				run.invoke(make.newInstance(), words.toArray(new String[0]), said);
			} catch (InvocationTargetException e) {
				said.println("failed: " + e.getCause());
			}
			said.println("\036");
		}
		said.flush();
	}
}
