import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { type ChatKind, chats } from "@netconductor/runtime/http/chat-messages";
import { z } from "zod";
import { Ca, isExpected, TimeoutS, Url, unexpectedStatus } from "../shared/outside.ts";
import { defineServerStep } from "../step-type.ts";

const kinds = Object.keys(chats) as [ChatKind, ...ChatKind[]];

/** Tells people in a chat. */
export const stepType = defineServerStep({
	type: "notify",
	label: "Notify",
	description:
		"Says something in a chat, through its incoming webhook: Slack, Microsoft Teams (workflow), Discord, Mattermost, ntfy, or JSON with `title`, `message` and `level` for anything else. Names in the message call nobody, and values of secret variables are hidden in it. Result: `status`, `duration_ms`.",
	category: "people",
	runs_on: "server",
	mode: "write",
	// It tells people and changes nothing, unless what is at the address may be anything: JSON of any kind, or something that takes a token.
	changes: ({ kind, token }) => kind === "generic" || token !== undefined,
	changes_by: ["kind", "token"],
	params: z.strictObject({
		kind: z.enum(kinds).describe("What is at the address."),
		url: Url.describe(
			"Address of the incoming webhook; for ntfy the topic, such as https://ntfy.sh/changes. Often a secret: it belongs into a secret variable then.",
		),
		message: z.string().min(1).max(20_000).describe("What is said."),
		title: z.string().max(500).optional().describe("Headline; left out: the title of the run."),
		level: z.enum(["info", "success", "warning", "error"]).default("info").describe("How it is shown."),
		token: z
			.string()
			.min(1)
			.max(4_000)
			.optional()
			.describe("Sent as `authorization: Bearer`, where the server wants one."),
		timeout_s: TimeoutS,
		ca: Ca,
	}),
	example: { kind: "slack", url: "{{ slack_url }}", message: "Neighbour {{ neighbor }} is up", level: "success" },
	async run({ params, run, outbound, signal, hide }) {
		const { kind, token, timeout_s, ca, level } = params;
		const title = visibleLine(hide(params.title ?? run.title));
		const { url, payload } = chats[kind](params.url, { title, message: visibleText(hide(params.message)), level, run });
		const answer = await outbound.request({
			method: "POST",
			url,
			headers: {
				"content-type": "application/json",
				...(token !== undefined && { authorization: `Bearer ${token}` }),
			},
			body: JSON.stringify(payload),
			timeout_ms: timeout_s * 1000,
			...(ca !== undefined && { ca }),
			signal,
		});
		const result = { status: answer.status, duration_ms: answer.duration_ms };
		return isExpected(answer.status, undefined) ? { result } : { result, error: unexpectedStatus(answer, undefined) };
	},
});
