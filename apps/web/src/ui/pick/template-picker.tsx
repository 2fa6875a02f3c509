import type { TemplateType } from "@netconductor/contracts/config/templates";
import { useApi, usePermitted } from "../../api/context.tsx";
import { mostOffered, NamedPicker } from "./named-picker.tsx";

/** Chooses one stored template of a type, of however many there are. */
export function TemplatePicker({
	type,
	template_id,
	...field
}: {
	label: string;
	type: TemplateType;
	template_id: string | null;
	onPick: (id: string) => void;
	error?: string | undefined;
}) {
	const { config } = useApi();
	const readable = usePermitted()("templates:read");
	return (
		<NamedPicker
			{...field}
			value={template_id}
			things={{
				kind: "templates",
				noun: "template",
				part: type,
				readable,
				one: (id, signal) => config.getTemplate({ params: { id } }, { signal }),
				search: (q, signal) => config.listTemplates({ query: { q, type: [type], page_size: mostOffered } }, { signal }),
			}}
		/>
	);
}
