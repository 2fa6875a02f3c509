import { connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { BerReader, type ClientOptions } from "ldapts";

/**
 * How a connection is made that is encrypted by StartTLS. What arrives in the clear must be the answer to StartTLS and nothing else: ldapts would
 * read bytes behind it as the beginning of what the server says over TLS, so that somebody on the way could answer the bind in the server's place.
 * TLS begins within `timeout_ms`, or the connection ends.
 */
export function cleanStartTls(
	timeout_ms: number,
): Required<Pick<ClientOptions, "createConnection" | "createSecureConnection">> {
	const clear: Buffer[] = [];
	const keep = (chunk: Buffer) => void clear.push(chunk);
	let socket: ReturnType<typeof connectTcp> | undefined;
	function createConnection(port: number, host: string) {
		// A second one would be for a connection that broke: its bind would go in the clear.
		if (socket !== undefined) throw new Error("the connection broke");
		socket = connectTcp(port, host);
		return socket.on("data", keep);
	}
	function createSecureConnection(options: ConnectionOptions) {
		socket?.off("data", keep);
		if (!isOneMessage(Buffer.concat(clear))) throw new Error("the server said more before TLS began than it was asked");
		const secure = connectTls(options);
		// ldapts waits for ever.
		const late = setTimeout(() => secure.destroy(new Error("TLS did not begin in time")), timeout_ms);
		for (const event of ["secureConnect", "close"]) secure.once(event, () => clearTimeout(late));
		return secure;
	}
	// ldapts calls them with these parameters only.
	return {
		createConnection: createConnection as typeof connectTcp,
		createSecureConnection: createSecureConnection as typeof connectTls,
	};
}

function isOneMessage(bytes: Buffer): boolean {
	const reader = new BerReader(bytes);
	return reader.readSequence() !== null && reader.offset + reader.length === bytes.length;
}
