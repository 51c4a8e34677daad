import type { ProviderEvent, TokenUsage, ToolCallDelta } from '../../provider/index.js';

export interface ToolCall {
  id: string;
  type: string;
  function: { name: string; arguments: string };
}

/** An answer as it grows from a provider's events. */
export class Answer {
  text = '';
  finishReason: string | undefined;
  usage: TokenUsage | undefined;
  private readonly calls: ToolCall[] = [];

  add(event: ProviderEvent): void {
    switch (event.type) {
      case 'text':
        this.text += event.text;
        break;
      case 'tool_calls':
        for (const delta of event.deltas) this.addToolCall(delta);
        break;
      case 'finish':
        this.finishReason = event.reason;
        break;
      case 'usage':
        this.usage = event.usage;
        break;
    }
  }

  /** Undefined if there are none. */
  get toolCalls(): ToolCall[] | undefined {
    const calls = this.calls.filter((call) => call !== undefined);
    return calls.length > 0 ? calls : undefined;
  }

  get isEmpty(): boolean {
    return this.text === '' && this.calls.length === 0;
  }

  /** What the tokens of the answer are counted from when the provider did not count them. */
  get countedText(): string {
    return this.text + (this.toolCalls ? JSON.stringify(this.toolCalls) : '');
  }

  private addToolCall(delta: ToolCallDelta): void {
    const call = (this.calls[delta.index] ??= {
      id: '',
      type: 'function',
      function: { name: '', arguments: '' },
    });
    if (delta.id) call.id = delta.id;
    if (delta.type) call.type = delta.type;
    if (delta.function?.name) call.function.name += delta.function.name;
    if (delta.function?.arguments) call.function.arguments += delta.function.arguments;
  }
}
