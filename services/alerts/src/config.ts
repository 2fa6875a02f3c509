import { Secret } from "@netconductor/contracts/kernel/secret";
import { defineConfig } from "@netconductor/runtime/config";
import { type ChatKind, chats } from "@netconductor/runtime/http/chat-messages";
import { z } from "zod";

const kinds = Object.keys(chats) as [ChatKind, ...ChatKind[]];

export const alertsConfig = defineConfig(
	"alerts",
	z.object({
		approval_expiry_minutes: z
			.int()
			.min(1)
			.max(43_200)
			.default(30)
			.meta({ description: "Time to decide on an approval, where its policy sets none" }),
		break_glass_url: Secret(z.string().regex(/^https?:\/\/\S+$/, "An address that begins with http:// or https://"))
			.optional()
			.meta({
				description:
					"Incoming webhook of a chat that is told at once whenever somebody breaks the glass, with who, why and which run. Nobody is told unless it is set.",
			}),
		break_glass_kind: z.enum(kinds).default("generic").meta({
			description: "What is at that address; `generic` takes JSON with `title`, `message`, `level` and `run`",
		}),
	}),
);
