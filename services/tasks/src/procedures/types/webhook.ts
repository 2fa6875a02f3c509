import { createHmac } from "node:crypto";
import { z } from "zod";
import { Ca, ExpectStatus, Headers, isExpected, TimeoutS, Url, unexpectedStatus, uuidOf } from "../shared/outside.ts";
import { defineServerStep } from "../step-type.ts";

/** Tells another system. */
export const stepType = defineServerStep({
	type: "webhook",
	label: "Webhook",
	description:
		"Posts JSON to an address. With a `secret` it is signed: `x-netconductor-signature: t=TIME,v1=HEX`, where HEX is the HMAC-SHA256 of `TIME.BODY` and TIME is in seconds. The same Idempotency-Key means the same step. Result: `status`, `duration_ms`.",
	category: "outside",
	runs_on: "server",
	mode: "write",
	params: z.strictObject({
		url: Url,
		payload: z
			.unknown()
			.optional()
			.describe("What is sent, as JSON; left out: the run, the procedure, the step and the names of its devices."),
		headers: Headers,
		secret: z
			.string()
			.min(1)
			.max(1_000)
			.optional()
			.describe("Signs what is sent. Belongs into a variable that is declared as secret."),
		expect_status: ExpectStatus,
		timeout_s: TimeoutS,
		ca: Ca,
	}),
	example: {
		url: "https://hooks.example.net/change",
		payload: { change: "{{ run.title }}" },
		secret: "{{ hook_secret }}",
	},
	async run({ params, step, run, devices, outbound, now, signal }) {
		const { payload, secret, expect_status, timeout_s, ca } = params;
		const { procedure_sha256: _, ...about } = run;
		const body = JSON.stringify(
			payload === undefined
				? {
						run: about,
						step: { id: step.id, path: step.path, name: step.name },
						devices: devices.map(({ name }) => name),
					}
				: payload,
		);
		const time = Math.floor(now().getTime() / 1000);
		const answer = await outbound.request({
			method: "POST",
			url: params.url,
			headers: {
				...Object.fromEntries(Object.entries(params.headers).map(([name, value]) => [name.toLowerCase(), value])),
				"content-type": "application/json",
				"idempotency-key": uuidOf(step.key),
				...(secret !== undefined && {
					"x-netconductor-signature": `t=${time},v1=${signatureOf(secret, `${time}.${body}`)}`,
				}),
			},
			body,
			timeout_ms: timeout_s * 1000,
			...(ca !== undefined && { ca }),
			signal,
		});
		const result = { status: answer.status, duration_ms: answer.duration_ms };
		return isExpected(answer.status, expect_status)
			? { result }
			: { result, error: unexpectedStatus(answer, expect_status) };
	},
});

function signatureOf(secret: string, text: string): string {
	return createHmac("sha256", secret).update(text).digest("hex");
}
