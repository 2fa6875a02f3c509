import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type QueryKey, useQuery } from "@tanstack/react-query";
import { type LinkProps, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ButtonLink } from "./link.tsx";
import { isNone, NotLoaded } from "./not-loaded.tsx";
import { toastDone } from "./toast.tsx";

/**
 * The page of one thing: while it is read, where there is none, and open. What `children` is given besides is to be called when the thing was deleted
 * there: then its list opens, and nobody is told that it is gone.
 */
export function PageOfOne<T extends { id: string } & ({ name: string } | { username: string })>({
	id,
	title,
	list,
	queryKey,
	read,
	shows = [],
	children,
}: {
	/** As it stands in the address: an id, or a unique name. */
	id: string;
	/** What it is: "Stack". */
	title: string;
	list: { to: NonNullable<LinkProps["to"]>; label: string };
	queryKey: QueryKey;
	read: (signal: AbortSignal) => Promise<T>;
	/** Kinds of things that it shows besides its own. */
	shows?: string[];
	children: (thing: T, onDeleted: () => void) => ReactNode;
}) {
	const navigate = useNavigate();
	const [deleted, setDeleted] = useState<string>();
	const query = useQuery({
		queryKey,
		queryFn: ({ signal }) => read(signal),
		enabled: deleted !== id,
		meta: { shows },
	});
	const thing = query.data;
	if (thing === undefined || (isNone(query.error) && deleted !== id)) {
		const wayOut = (
			<ButtonLink to={list.to} variant="default">
				{list.label}
			</ButtonLink>
		);
		return <NotLoaded title={title} query={query} wayOut={wayOut} />;
	}
	return children(thing, () => {
		setDeleted(id);
		toastDone(`${visibleLine("name" in thing ? thing.name : thing.username)} is deleted`);
		void navigate({ to: list.to });
	});
}
