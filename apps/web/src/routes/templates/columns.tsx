import type { TemplateSummary } from "@netconductor/contracts/config/templates";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { changedByColumn, changedColumn, descriptionColumn } from "../../ui/table/definition-columns.tsx";
import { TemplateTypeState, templateTypes } from "./template-type.tsx";

export const columns: Column<TemplateSummary>[] = [
	{
		id: "name",
		label: "Name",
		sort: "name",
		text: ({ name }) => name,
		cell: ({ id, name }) => (
			<TextLink to="/templates/$id" params={{ id }} fw={550} size="sm">
				{visibleLine(name)}
			</TextLink>
		),
	},
	{
		id: "type",
		label: "Type",
		sort: "type",
		width: 120,
		text: ({ type }) => templateTypes[type].word,
		cell: ({ type }) => <TemplateTypeState type={type} />,
	},
	descriptionColumn(),
	{
		id: "platforms",
		label: "For",
		from: "medium",
		text: ({ platforms }) => platforms.join(", "),
		cell: ({ platforms }) =>
			platforms.length === 0 ? (
				<span className="nc-dim">any device</span>
			) : (
				<span className="nc-mono">{visibleLine(platforms.join(", "))}</span>
			),
	},
	{
		id: "tags",
		label: "Tags",
		from: "medium",
		text: ({ tags }) => tags.join(", "),
		cell: ({ tags }) => visibleLine(tags.join(", ")),
	},
	{
		id: "version",
		label: "Version",
		number: true,
		width: 90,
		from: "medium",
		text: ({ version }) => String(version),
		cell: ({ id, version }) => (
			<TextLink to="/templates/$id" params={{ id }} search={{ tab: "versions" }} size="sm">
				{version}
			</TextLink>
		),
	},
	changedColumn({ width: 130, from: "medium" }),
	changedByColumn({ width: 130, from: "wide" }),
];
