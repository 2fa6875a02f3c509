import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { isCodeMissing, loadPageAnew } from "../api/load-code.ts";
import { ButtonLink } from "../ui/link.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemAlert } from "../ui/problem.tsx";
import { SmallPage } from "./small-page.tsx";

/** A page that threw: within the frame, so that the way to others stays. */
export function FailedPage({ error, reset }: ErrorComponentProps) {
	const router = useRouter();
	return (
		<ProblemAlert
			error={error}
			onRetry={() => {
				// Some browsers never ask a second time for a part that did not come.
				if (isCodeMissing(error)) return void loadPageAnew();
				reset();
				void router.invalidate();
			}}
		/>
	);
}

/** Before the frame is there: the server could not say who is signed in. */
export function FailedStart({ error }: ErrorComponentProps) {
	const router = useRouter();
	return (
		<SmallPage>
			<ProblemAlert error={error} onRetry={() => void (isCodeMissing(error) ? loadPageAnew() : router.invalidate())} />
		</SmallPage>
	);
}

/** Outside the frame: an address of which it is not known whose page it would be. */
export function MissingPage() {
	return (
		<SmallPage>
			<Page title="There is no such page">
				<div>
					<ButtonLink to="/">To the start page</ButtonLink>
				</div>
			</Page>
		</SmallPage>
	);
}
