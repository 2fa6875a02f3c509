/** What a WebSocket server sends, seen from the middle: where one frame ends and the next begins. */
interface ServerFrames {
	pass(piece: Buffer): void;
	/** Whether the next byte begins a frame: a frame of ours between is read as one. Not before the handshake was answered. */
	isBetween(): boolean;
}

const endOfAnswer = Buffer.from("\r\n\r\n");

/** Follows lengths only (RFC 6455, section 5.2); a server's frames are not masked. Keeps at most thirteen bytes. */
export function followServerFrames(): ServerFrames {
	let answered = false;
	let head: Buffer = Buffer.alloc(0);
	let payload_left = 0;

	function passAnswer(piece: Buffer): Buffer {
		const seen = Buffer.concat([head, piece]);
		const at = seen.indexOf(endOfAnswer);
		answered = at >= 0;
		head = answered ? Buffer.alloc(0) : seen.subarray(-3);
		return answered ? seen.subarray(at + endOfAnswer.length) : Buffer.alloc(0);
	}

	return {
		pass(piece) {
			let rest = answered ? piece : passAnswer(piece);
			while (rest.length > 0) {
				if (payload_left === 0) {
					const before = head.length;
					head = Buffer.concat([head, rest.subarray(0, 10 - before)]);
					const frame = sizesOf(head);
					if (frame === undefined) return;
					rest = rest.subarray(frame.head - before);
					payload_left = frame.payload;
					head = Buffer.alloc(0);
				}
				const taken = Math.min(payload_left, rest.length);
				payload_left -= taken;
				rest = rest.subarray(taken);
			}
		},
		isBetween: () => answered && head.length === 0 && payload_left === 0,
	};
}

/** Undefined while more of the head is to come. */
function sizesOf(head: Buffer): { head: number; payload: number } | undefined {
	if (head.length < 2) return undefined;
	const short = head.readUInt8(1) & 0x7f;
	if (short < 126) return { head: 2, payload: short };
	const size = short === 126 ? 4 : 10;
	if (head.length < size) return undefined;
	return { head: size, payload: short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2)) };
}

/** A close frame that says 1001, "going away". */
export const goingAway: Buffer = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
