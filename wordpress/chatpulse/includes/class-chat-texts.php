<?php
/**
 * What the chat says, for translators.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Every text of the chat's own code, which is in JavaScript and knows nothing of WordPress's translations.
 */
final class Chat_Texts {

	/**
	 * The texts that the visitor's language has other words for, by the English ones.
	 *
	 * @return array<string, string>
	 */
	public static function translations(): array {
		return array_filter( self::all(), static fn( string $words, string $english ): bool => $words !== $english, ARRAY_FILTER_USE_BOTH );
	}

	/**
	 * All texts with their translations. What stands in braces is put in by the chat and stays as it is.
	 *
	 * @return array<string, string>
	 */
	public static function all(): array {
		return array(
			'[Enter] sends, [Shift]+[Enter] starts a new line' => __( '[Enter] sends, [Shift]+[Enter] starts a new line', 'chatpulse' ),
			'A file'                                           => __( 'A file', 'chatpulse' ),
			'away'                                             => __( 'away', 'chatpulse' ),
			'Cancel'                                           => __( 'Cancel', 'chatpulse' ),
			'Chat'                                             => __( 'Chat', 'chatpulse' ),
			'Choose a conversation.'                           => __( 'Choose a conversation.', 'chatpulse' ),
			'Connecting…'                                      => __( 'Connecting…', 'chatpulse' ),
			'Conversations'                                    => __( 'Conversations', 'chatpulse' ),
			'Delete'                                           => __( 'Delete', 'chatpulse' ),
			'Delete this message for everybody?'               => __( 'Delete this message for everybody?', 'chatpulse' ),
			'Delivered'                                        => __( 'Delivered', 'chatpulse' ),
			'Edit'                                             => __( 'Edit', 'chatpulse' ),
			'edited'                                           => __( 'edited', 'chatpulse' ),
			'here'                                             => __( 'here', 'chatpulse' ),
			'Loading…'                                         => __( 'Loading…', 'chatpulse' ),
			'Message'                                          => __( 'Message', 'chatpulse' ),
			'Messages'                                         => __( 'Messages', 'chatpulse' ),
			'New'                                              => __( 'New', 'chatpulse' ),
			'New conversation'                                 => __( 'New conversation', 'chatpulse' ),
			'New messages'                                     => __( 'New messages', 'chatpulse' ),
			'New text of the message'                          => __( 'New text of the message', 'chatpulse' ),
			'No conversation is called that.'                  => __( 'No conversation is called that.', 'chatpulse' ),
			'No conversations yet.'                            => __( 'No conversations yet.', 'chatpulse' ),
			'Nobody has written here yet. Say hello.'          => __( 'Nobody has written here yet. Say hello.', 'chatpulse' ),
			'Nobody is called that.'                           => __( 'Nobody is called that.', 'chatpulse' ),
			'not in this thread now'                           => __( 'not in this thread now', 'chatpulse' ),
			'not known whether they are here'                  => __( 'not known whether they are here', 'chatpulse' ),
			'Not sent'                                         => __( 'Not sent', 'chatpulse' ),
			'offline'                                          => __( 'offline', 'chatpulse' ),
			'Older messages could not be loaded.'              => __( 'Older messages could not be loaded.', 'chatpulse' ),
			'People in this thread'                            => __( 'People in this thread', 'chatpulse' ),
			'React with {emoji}'                               => __( 'React with {emoji}', 'chatpulse' ),
			'Reactions'                                        => __( 'Reactions', 'chatpulse' ),
			'Read'                                             => __( 'Read', 'chatpulse' ),
			'Read by {name}'                                   => __( 'Read by {name}', 'chatpulse' ),
			'Save'                                             => __( 'Save', 'chatpulse' ),
			'Search conversations'                             => __( 'Search conversations', 'chatpulse' ),
			'Search people'                                    => __( 'Search people', 'chatpulse' ),
			'Send'                                             => __( 'Send', 'chatpulse' ),
			'Sending'                                          => __( 'Sending', 'chatpulse' ),
			'Sent'                                             => __( 'Sent', 'chatpulse' ),
			'Several people are typing'                        => __( 'Several people are typing', 'chatpulse' ),
			'Show older messages'                              => __( 'Show older messages', 'chatpulse' ),
			'The connection is lost. Reconnecting…'            => __( 'The connection is lost. Reconnecting…', 'chatpulse' ),
			'The conversations could not be loaded: {reason}'  => __( 'The conversations could not be loaded: {reason}', 'chatpulse' ),
			'The server cannot be reached. Trying again…'      => __( 'The server cannot be reached. Trying again…', 'chatpulse' ),
			'The server did not let you in: {reason}.'         => __( 'The server did not let you in: {reason}.', 'chatpulse' ),
			'This could not be done: {reason}'                 => __( 'This could not be done: {reason}', 'chatpulse' ),
			'This message was deleted.'                        => __( 'This message was deleted.', 'chatpulse' ),
			'Thread {thread}'                                  => __( 'Thread {thread}', 'chatpulse' ),
			'Today'                                            => __( 'Today', 'chatpulse' ),
			'Try again'                                        => __( 'Try again', 'chatpulse' ),
			'User {user}'                                      => __( 'User {user}', 'chatpulse' ),
			'What to do with this message'                     => __( 'What to do with this message', 'chatpulse' ),
			'What you write is sent as soon as it is back.'    => __( 'What you write is sent as soon as it is back.', 'chatpulse' ),
			'Write a message'                                  => __( 'Write a message', 'chatpulse' ),
			'Yesterday'                                        => __( 'Yesterday', 'chatpulse' ),
			'You'                                              => __( 'You', 'chatpulse' ),
			'You are user {user}'                              => __( 'You are user {user}', 'chatpulse' ),
			'You are {name}'                                   => __( 'You are {name}', 'chatpulse' ),
			'You: {words}'                                     => __( 'You: {words}', 'chatpulse' ),
			'{count} characters left'                          => __( '{count} characters left', 'chatpulse' ),
			'{count} unread'                                   => __( '{count} unread', 'chatpulse' ),
			'{name} is typing'                                 => __( '{name} is typing', 'chatpulse' ),
			'{one} and {other} are typing'                     => __( '{one} and {other} are typing', 'chatpulse' ),
			'{size} KB'                                        => __( '{size} KB', 'chatpulse' ),
		);
	}
}
