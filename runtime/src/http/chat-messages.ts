import { failed } from "../errors.ts";

/** What is said in a chat. */
export interface ChatMessage {
	title: string;
	message: string;
	level: "info" | "success" | "warning" | "error";
	run: { id: string; title: string };
}

/** A request that says it there. */
export interface ChatRequest {
	url: string;
	payload: unknown;
}

/**
 * How each chat wants it. What devices said may stand in a message: nothing in it calls people together or becomes a link that says another
 * address than it leads to. Texts are cut to what the chat takes.
 */
export const chats = {
	/** https://docs.slack.dev/messaging/formatting-message-text: `&`, `<` and `>` are all that has a meaning besides marks. */
	slack: (url: string, { title, message }: ChatMessage): ChatRequest => ({
		url,
		payload: {
			text: cut(`${title === "" ? "" : `*${slackText(title)}*\n`}${slackText(message)}`, 39_000),
			link_names: false,
		},
	}),
	/** A workflow of Teams that posts an adaptive card; the older connectors are gone. A card may have 28 KB. */
	teams: (url: string, { title, message, level }: ChatMessage): ChatRequest => ({
		url,
		payload: {
			type: "message",
			attachments: [
				{
					contentType: "application/vnd.microsoft.card.adaptive",
					contentUrl: null,
					content: {
						$schema: "http://adaptivecards.io/schemas/adaptive-card.json",
						type: "AdaptiveCard",
						version: "1.4",
						body: [
							...(title === ""
								? []
								: [
										{
											type: "TextBlock",
											size: "Medium",
											weight: "Bolder",
											wrap: true,
											color: cardColors[level],
											text: plainMarkdown(cut(title, 500)),
										},
									]),
							{ type: "TextBlock", wrap: true, text: plainMarkdown(cut(message, 8_000)) },
						],
					},
				},
			],
		},
	}),
	/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
	discord: (url: string, { title, message, level }: ChatMessage): ChatRequest => ({
		url,
		payload: {
			embeds: [
				{
					...(title !== "" && { title: cut(title, 256) }),
					description: cut(withoutLinks(message), 4_096),
					color: embedColors[level],
				},
			],
			allowed_mentions: { parse: [] },
		},
	}),
	/** https://developers.mattermost.com/integrate/webhooks/incoming: `@` calls people together. */
	mattermost: (url: string, { title, message }: ChatMessage): ChatRequest => ({
		url,
		payload: { text: cut(withoutMentions(`${title === "" ? "" : `#### ${title}\n`}${message}`), 16_000) },
	}),
	/** https://docs.ntfy.sh/publish/#publish-as-json: goes to the server, with the topic in it. */
	ntfy: (url: string, { title, message, level }: ChatMessage): ChatRequest => {
		const target = new URL(url);
		const parts = target.pathname.split("/").filter((part) => part !== "");
		const topic = topicOf(parts.pop());
		target.pathname = `/${parts.join("/")}`;
		return {
			url: target.href,
			payload: {
				topic,
				message: cut(message, 3_500),
				...(title !== "" && { title: cut(title, 250) }),
				priority: priorities[level],
			},
		};
	},
	generic: (url: string, { title, message, level, run }: ChatMessage): ChatRequest => ({
		url,
		payload: { title, message, level, run: { id: run.id, title: run.title } },
	}),
} as const;

export type ChatKind = keyof typeof chats;

const cardColors = { info: "Default", success: "Good", warning: "Warning", error: "Attention" } as const;
const embedColors = { info: 0x3b82f6, success: 0x16a34a, warning: 0xd97706, error: 0xdc2626 } as const;
const priorities = { info: 3, success: 3, warning: 4, error: 5 } as const;

/** At most so many UTF-16 units, never half a character. */
function cut(text: string, most: number): string {
	return text.length <= most
		? text
		: `${text
				.slice(0, most - 1)
				.toWellFormed()
				.replace(/\uFFFD$/, "")}…`;
}

function slackText(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Links of Markdown are shown as they are written. */
function plainMarkdown(text: string): string {
	return withoutLinks(text).replaceAll("\n", "\n\n");
}

function withoutMentions(text: string): string {
	return withoutLinks(text.replaceAll("@", "@\u200B"));
}

/** Backslashes that stand before a bracket already would take the meaning of the one that is put there. */
function withoutLinks(text: string): string {
	return text.replace(/(?<!\\)(\\*)\[/g, "$1$1\\[");
}

/** @throws outbound.bad_request */
function topicOf(part = ""): string {
	try {
		if (part !== "") return decodeURIComponent(part);
	} catch {
		// Not what a URL may have.
	}
	throw failed("outbound.bad_request", {
		message: "The address of ntfy names no topic, as https://ntfy.sh/changes does.",
	});
}
