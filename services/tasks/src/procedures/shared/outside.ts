import { createHash } from "node:crypto";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { OperationError } from "@netconductor/contracts/tasks/model";
import { compileJmespath } from "@netconductor/driver-parsers/jmespath/jmespath";
import { isAppError } from "@netconductor/runtime/errors";
import type { OutboundResponse } from "@netconductor/runtime/http/outbound";
import { z } from "zod";
import { cutText, cutValue } from "./shown-output.ts";

export const Url = z
	.url({ protocol: /^https?$/, error: "An address that begins with http:// or https://" })
	.max(4_000)
	.describe("Address, beginning with http:// or https://.");

const Scalar = z.union([z.string().max(8_000), z.number(), z.boolean()]).transform(String);

export const Headers = z
	.record(z.string().min(1).max(200), Scalar)
	.default({})
	.describe("Headers by name. Secrets belong into variables that are declared as secret.");

export const Query = z
	.record(z.string().min(1).max(200), z.union([Scalar, z.array(Scalar).max(500)]))
	.default({})
	.describe("Parameters of the query by name; a list repeats the name. They are added to those of the address.");

const Status = z.int().min(100).max(599);
export const ExpectStatus = z
	.union([Status, z.array(Status).min(1).max(50)])
	.transform((given) => [given].flat())
	.optional()
	.describe("Status that the answer must have, or a list of them; left out: 200 to 299.");

export const TimeoutS = z
	.number()
	.min(1)
	.max(600)
	.default(30)
	.describe("Longest time for the whole answer, in seconds.");

export const Ca = z
	.string()
	.max(100_000)
	.optional()
	.describe("Certificates (PEM) of authorities that are trusted besides those of the system.");

export const Jmespath = z
	.string()
	.min(1)
	.max(4_000)
	.superRefine((source, { addIssue }) => {
		try {
			compileJmespath(source);
		} catch (error) {
			if (!isAppError(error)) throw error;
			addIssue({ code: "custom", message: error.message });
		}
	});

/** Most that is read of an answer: far more than a result keeps, so that `extract` can find something in it. */
export const most_bytes = 5 * 1024 * 1024;

export function isExpected(status: number, expected: readonly number[] | undefined): boolean {
	return expected === undefined ? status >= 200 && status < 300 : expected.includes(status);
}

/** What is said of an answer whose status is another one. Its text may help; the address stays out but for its origin. */
export function unexpectedStatus(
	{ status, url, headers, body }: OutboundResponse,
	expected: readonly number[] | undefined,
): OperationError {
	const wanted = expected === undefined ? "200 to 299" : expected.join(" or ");
	const text = (headers["content-type"] ?? "").includes("html")
		? ""
		: visibleLine(body.toString().slice(0, 300).trim());
	const said = text === "" ? "" : `: ${text}`;
	return {
		code: "outbound.unexpected_answer",
		message: `${new URL(url).origin} answered with status ${status} in place of ${wanted}${said}`,
		details: { status },
	};
}

/** JSON of a body. @throws SyntaxError */
export function readJson({ body }: OutboundResponse): unknown {
	return body.length === 0 ? null : JSON.parse(body.toString().replace(/^\uFEFF/, ""));
}

/** A body as a result keeps it, and whether something is missing. */
export function keptBody(body: unknown, most: number): { body: unknown; cut: boolean } {
	if (typeof body === "string") {
		const { text, cut } = cutText(visibleText(body), most);
		return { body: text, cut };
	}
	const { value, cut } = cutValue(body, most);
	return { body: value, cut };
}

/** A UUID that is the same for the same step, also after a crash: by it the other side can tell that something comes a second time. */
export function uuidOf(key: string): string {
	const hex = createHash("sha256").update(key).digest("hex");
	// Version 8 (RFC 9562): of our own making.
	const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}
