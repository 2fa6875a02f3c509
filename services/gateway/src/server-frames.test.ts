import { expect, test } from "vitest";
import { followServerFrames } from "./server-frames.ts";

const answer = Buffer.from("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");

function frame(payload: number): Buffer {
	const head =
		payload < 126
			? Buffer.from([0x81, payload])
			: payload < 65_536
				? Buffer.from([0x81, 126, payload >> 8, payload & 0xff])
				: Buffer.from([0x81, 127, 0, 0, 0, 0, 0, payload >> 16, (payload >> 8) & 0xff, payload & 0xff]);
	return Buffer.concat([head, Buffer.alloc(payload, 0x0d)]);
}

const frames = [0, 1, 125, 126, 300, 65_535, 65_536, 70_000].map(frame);
const all = Buffer.concat([answer, ...frames]);
const ends = new Set([answer.length]);
for (const { length } of frames) ends.add(Math.max(...ends) + length);

test.each([1, 2, 3, 7, 1_009, 64 * 1024])(
	"however the bytes are cut, here by %i, it is between two frames exactly where one has ended",
	(size) => {
		const followed = followServerFrames();
		const between = [];
		for (let at = 0; at < all.length; at = Math.min(at + size, all.length)) {
			const to = Math.min(at + size, all.length);
			followed.pass(all.subarray(at, to));
			if (followed.isBetween()) between.push(to);
		}
		const cuts = Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
			Math.min((index + 1) * size, all.length),
		);
		expect(between).toEqual(cuts.filter((cut) => ends.has(cut)));
		expect(between.at(-1)).toBe(all.length);
	},
);
