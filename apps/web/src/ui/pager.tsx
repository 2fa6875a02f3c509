import { Button, Group, Pagination, Select, Text } from "@mantine/core";
import type { Paging } from "./table/list-source.ts";
import { count } from "./words.ts";

const sizes = ["25", "50", "100", "200"];

/** Where in a paged list one is, and the way to its other pages. */
export function Pager({
	page,
	page_size,
	total,
	countAll,
	noun,
	onChange,
}: Paging & {
	noun: string;
	onChange: (to: { page: number; page_size: number }) => void;
}) {
	const pages = Math.max(1, Math.ceil(total / page_size));
	return (
		<Group justify="space-between" gap="xs" px="sm" py={6}>
			<Group gap={4}>
				<Text size="xs" c="dimmed" aria-live="polite">
					{countAll !== undefined && "At least "}
					{count(total, noun)}
				</Text>
				{countAll !== undefined && (
					<Button variant="subtle" size="compact-xs" onClick={countAll}>
						Count them
					</Button>
				)}
			</Group>
			<Group gap="xs">
				<Select
					aria-label="Rows on a page"
					size="xs"
					w={92}
					allowDeselect={false}
					value={String(page_size)}
					data={(sizes.includes(String(page_size)) ? sizes : [...sizes, String(page_size)]).map((value) => ({
						value,
						label: `${value} rows`,
					}))}
					onChange={(size) => onChange({ page: 1, page_size: Number(size) })}
				/>
				{pages > 1 && (
					<Pagination
						size="sm"
						value={page}
						total={pages}
						siblings={1}
						onChange={(to) => onChange({ page: to, page_size })}
						getControlProps={(control) => ({ "aria-label": `${control} page` })}
						getItemProps={(number) => ({ "aria-label": `Page ${number}` })}
					/>
				)}
			</Group>
		</Group>
	);
}
