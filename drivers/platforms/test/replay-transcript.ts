import { Duplex } from "node:stream";

/** One turn of a recorded session: what we send, and the bytes that the device answers. */
interface Turn {
	sends: string;
	answer: Buffer;
}

function bytesOf(lines: string[]): Buffer {
	const text = lines.join("\r\n");
	return Buffer.from(text.replaceAll("␛", "\x1b").replaceAll("␈", "\b").replaceAll("␍", "\r"));
}

/**
 * Reads a transcript: what the device sends, and after `>>> ` the lines (after `>>| ` the keys, in JSON) that we send. Control characters
 * are written as their pictures (␛ escape, ␈ backspace, ␍ carriage return); lines end with carriage return and line feed, the last one of a turn does not.
 */
function readTranscript(text: string, newline: string): { greeting: Buffer; turns: Turn[] } {
	const blocks: { sends: string; lines: string[] }[] = [{ sends: "", lines: [] }];
	for (const line of text.split("\n")) {
		if (line.startsWith(">>> ")) blocks.push({ sends: line.slice(4) + newline, lines: [] });
		else if (line.startsWith(">>| ")) blocks.push({ sends: JSON.parse(line.slice(4)), lines: [] });
		else blocks.at(-1)?.lines.push(line);
	}
	const [greeting, ...turns] = blocks.map(({ sends, lines }) => ({ sends, answer: bytesOf(lines) }));
	return { greeting: greeting?.answer ?? Buffer.alloc(0), turns };
}

/** The device of a transcript as a byte stream. It fails on anything that the recorded session did not send at that point. */
export function replayTranscript(text: string, newline: string, piece_bytes: number): Duplex {
	const { greeting, turns } = readTranscript(text, newline);
	const push = (bytes: Buffer) => {
		for (let at = 0; at < bytes.length; at += piece_bytes) {
			const piece = bytes.subarray(at, at + piece_bytes);
			setImmediate(() => stream.push(piece));
		}
	};
	const stream = new Duplex({
		read() {},
		write(chunk: Buffer, _encoding, done) {
			const sent = chunk.toString();
			const turn = turns[0];
			if (turn?.sends === sent) {
				turns.shift();
				push(turn.answer);
				done();
			} else if (turn === undefined) done();
			else
				done(new Error(`sent ${JSON.stringify(sent)} where the recorded session sent ${JSON.stringify(turn.sends)}`));
		},
	});
	push(greeting);
	return stream;
}
