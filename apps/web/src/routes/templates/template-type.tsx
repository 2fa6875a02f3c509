import type { TemplateType as Type } from "@netconductor/contracts/config/templates";
import { type Look, State } from "../../ui/state.tsx";

export const templateTypes: Readonly<Record<Type, Look & { means: string }>> = {
	deploy: { tone: "busy", icon: "upload", word: "Deploy", means: "Makes what is sent to a device" },
	delete: { tone: "bad", icon: "trash", word: "Delete", means: "Takes away again what a deploy template made" },
	validation: {
		tone: "good",
		icon: "ok",
		word: "Validation",
		means: "Makes what must stand in the configuration afterwards",
	},
	partial: { tone: "calm", icon: "link", word: "Partial", means: "Is only included by other templates" },
};

/** What a template is for, as icon and word. */
export function TemplateTypeState({ type }: { type: Type }) {
	const { tone, icon, word } = templateTypes[type];
	return <State tone={tone} icon={icon} word={word} />;
}
