/** A defect on one screen leaves the rest of the page alive. */
import {Component, type ReactNode} from 'react';
import {Button} from './button.tsx';
import {EmptyState} from './states.tsx';

interface State {
  readonly error?: Error;
}

export class ErrorBoundary extends Component<{readonly children: ReactNode}, State> {
  override state: State = {};

  static getDerivedStateFromError(error: unknown): State {
    return {error: error instanceof Error ? error : new Error(String(error))};
  }

  override render(): ReactNode {
    const {error} = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          title="This screen has failed"
          icon="alert"
          actions={<Button onPress={() => location.reload()}>Reload the page</Button>}
        >
          {/* A chunk that is not there any more: the gateway was updated while the page was open. */}
          {/import|preload/i.test(error.message)
            ? 'The console was updated in the meantime, or the gateway cannot be reached.'
            : error.message}
        </EmptyState>
      </div>
    );
  }
}
