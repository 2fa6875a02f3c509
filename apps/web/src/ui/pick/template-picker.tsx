import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { TemplateType } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";

const searchAfter_ms = 200;
const mostOffered = 50;

/** Chooses one stored template of a type, of however many there are. */
export function TemplatePicker({
	label,
	type,
	template_id,
	onPick,
	error,
}: {
	label: string;
	type: TemplateType;
	template_id: string | null;
	onPick: (id: string) => void;
	error?: string | undefined;
}) {
	const api = useApi();
	const mayRead = usePermitted()("templates:read");
	const [opened, setOpened] = useState(false);
	const [typed, setTyped] = useState("");
	const [asked] = useDebouncedValue(typed, searchAfter_ms);
	const chosen = useQuery({
		queryKey: ["templates", "one", template_id],
		queryFn: ({ signal }) => api.config.getTemplate({ params: { id: template_id ?? "" } }, { signal }),
		enabled: template_id !== null && mayRead,
	}).data;
	const name = chosen?.name ?? template_id ?? "";
	const q = asked.trim() === visibleLine(name) ? undefined : asked.trim() || undefined;
	const found = useQuery({
		queryKey: ["templates", "picker", { q, type }],
		queryFn: ({ signal }) =>
			api.config.listTemplates({ query: { q, type: [type], page_size: mostOffered } }, { signal }),
		enabled: opened && mayRead,
		placeholderData: keepPreviousData,
	});
	const offered = (found.data?.items ?? []).map(({ id, name: each }) => ({ value: id, label: visibleLine(each) }));
	if (template_id !== null && !offered.some(({ value }) => value === template_id)) {
		offered.unshift({ value: template_id, label: visibleLine(name) });
	}
	return (
		<Select
			label={label}
			placeholder="Choose a template"
			withAsterisk
			searchable
			allowDeselect={false}
			value={template_id}
			data={offered}
			filter={({ options }) => options}
			onDropdownOpen={() => setOpened(true)}
			onSearchChange={setTyped}
			nothingFoundMessage={found.isFetching ? "Looking…" : `No ${type} template of that name`}
			maxDropdownHeight={320}
			error={error}
			onChange={(id) => id !== null && onPick(id)}
		/>
	);
}
