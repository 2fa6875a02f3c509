import { Button } from "@mantine/core";
import { type ReactNode, useId, useState } from "react";
import { Icon } from "../icon.tsx";
import style from "./filters.module.css";

/**
 * The filters of a list: its search field always, the most used ones where there is room, the rest behind a button. Filters that are set
 * are in sight.
 */
export function Filters({
	search,
	children,
	more,
	set,
	moreSet = 0,
}: {
	search: ReactNode;
	/** The most used ones; on a telephone they are behind the button too. */
	children?: ReactNode;
	more?: ReactNode;
	/** How many filters are set, of all of them. */
	set: number;
	/** How many of those that are behind the button on any page. */
	moreSet?: number;
}) {
	const [opened, setOpened] = useState<boolean>();
	const id = useId();
	const open = opened ?? moreSet > 0;
	return (
		<div className={style.filters} data-open={open || undefined} data-more={more !== undefined || undefined} id={id}>
			{search}
			{children !== undefined && <div className={style.first}>{children}</div>}
			<Button
				className={style.button}
				variant="subtle"
				color="gray"
				leftSection={<Icon name="filter" size={14} />}
				aria-expanded={open}
				aria-controls={id}
				onClick={() => setOpened(!open)}
			>
				{open ? "Fewer filters" : set > 0 ? `Filters: ${set} set` : more === undefined ? "Filters" : "More filters"}
			</Button>
			{open && more !== undefined && <div className={style.more}>{more}</div>}
		</div>
	);
}
