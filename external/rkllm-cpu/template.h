/* How a PROMPT input becomes text: the chat template found in the model, the one set by rkllm_set_chat_template, function tools. */
#ifndef RKLLM_CPU_TEMPLATE_H
#define RKLLM_CPU_TEMPLATE_H

#include "handle.h"

static void template_free(Template *chat)
{
    free(chat->system);
    free(chat->prefix);
    free(chat->postfix);
    free(chat->system_open);
    free(chat->system_close);
    free(chat->tool_tag);
    memset(chat, 0, sizeof *chat);
}

static char *text_between(const char *from, const char *to)
{
    size_t length = (size_t)(to - from);
    char *text = malloc(length + 1);
    if (!text) return NULL;
    memcpy(text, from, length);
    text[length] = 0;
    return text;
}

/* Renders a chat with the model's own template; NULL when libllama does not know that template. */
static char *template_render(const char *source, const LlamaChatMessage *messages, size_t count)
{
    int32_t size = 4096, length;
    char *text = malloc((size_t)size + 1);
    if (!text) return NULL;
    length = llama.chat_apply_template(source, messages, count, 1, text, size);
    if (length > 0 && length < size) {
        text[length] = 0;
        return text;
    }
    free(text);
    return NULL;
}

/* The system part is what precedes the user's when both are rendered; templates that merge the two have none of their own. */
static void template_find_system(Template *chat, const char *source)
{
    static const LlamaChatMessage both[] = { { "system", "\x01" }, { "user", "\x02" } };
    char *text = template_render(source, both, 2), *mark, *user;
    if (!text) return;
    mark = strchr(text, '\x01');
    user = mark ? strstr(mark, chat->prefix) : NULL;
    if (user && user[strlen(chat->prefix)] == '\x02') {
        chat->system_open = text_between(text, mark);
        chat->system_close = text_between(mark + 1, user);
    }
    free(text);
}

/* Renders a marker and takes what stands around it. */
static void template_of_model(Template *chat, const void *model)
{
    static const LlamaChatMessage user[] = { { "user", "\x02" } };
    const char *source = llama.model_chat_template(model, NULL);
    char *text, *mark;
    if (!source || !*source) return;
    text = template_render(source, user, 1);
    mark = text ? strchr(text, '\x02') : NULL;
    if (mark) {
        chat->source = TEMPLATE_OF_MODEL;
        chat->prefix = text_between(text, mark);
        chat->postfix = copy_text(mark + 1);
        template_find_system(chat, source);
    } else {
        LOG_WARNING("Chat template auto-parsing failed: please configure it via rkllm_set_chat_template");
    }
    free(text);
}

static void template_set(Template *chat, const char *system, const char *prefix, const char *postfix)
{
    template_free(chat);
    chat->source = TEMPLATE_SET;
    chat->system = copy_text(system);
    chat->prefix = copy_text(prefix);
    chat->postfix = copy_text(postfix);
}

static int template_is_empty(const Template *chat)
{
    return (!chat->prefix || !*chat->prefix) && (!chat->postfix || !*chat->postfix);
}

static const char *text_or_empty(const char *text) { return text ? text : ""; }

/* Joins texts; `parts` ends with NULL. */
static char *text_join(const char *const *parts)
{
    size_t length = 1, i;
    char *text, *end;
    for (i = 0; parts[i]; i++) length += strlen(parts[i]);
    end = text = malloc(length);
    if (!text) return NULL;
    for (i = 0; parts[i]; i++) {
        size_t part = strlen(parts[i]);
        memcpy(end, parts[i], part);
        end += part;
    }
    *end = 0;
    return text;
}

/* Tools become part of the system text; the wording around them is this runtime's own, the closed library's is not published. */
static int template_set_tools(Template *chat, const char *system, const char *tools, const char *tool_tag)
{
    const char *parts[8];
    char *text;
    int count = 0;
    if (template_is_empty(chat)) return -1;
    parts[count++] = text_or_empty(chat->system_open);
    parts[count++] = text_or_empty(system);
    if (tools && *tools) {
        parts[count++] = "\n\n# Tools\n\nYou may call these functions:\n<tools>\n";
        parts[count++] = tools;
        parts[count++] = "\n</tools>\n";
    }
    parts[count++] = text_or_empty(chat->system_close);
    parts[count] = NULL;
    text = text_join(parts);
    if (!text) return -1;
    free(chat->system);
    chat->system = text;
    free(chat->tool_tag);
    chat->tool_tag = copy_text(tool_tag);
    return 0;
}

/* The text of a prompt as it goes to the tokenizer; the system text opens a conversation only. NULL when memory ran out. */
static char *template_apply(const Template *chat, const char *role, const char *prompt, int opens)
{
    const char *parts[12];
    int count = 0, is_tool = role && strcmp(role, "tool") == 0 && chat->tool_tag && *chat->tool_tag;
    if (opens && chat->system) parts[count++] = chat->system;
    parts[count++] = text_or_empty(chat->prefix);
    if (is_tool) {
        parts[count++] = "<";
        parts[count++] = chat->tool_tag;
        parts[count++] = ">\n";
    }
    parts[count++] = prompt;
    if (is_tool) {
        parts[count++] = "\n</";
        parts[count++] = chat->tool_tag;
        parts[count++] = ">";
    }
    parts[count++] = text_or_empty(chat->postfix);
    parts[count] = NULL;
    return text_join(parts);
}

#endif
